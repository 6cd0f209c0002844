/** A folder that is gone at the end of its test. */
import { dirname, join } from "node:path";

/** Files by their paths, in a new folder. */
export async function temporaryDirectory(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(path, name)), { recursive: true });
    await Deno.writeFile(
      join(path, name),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
