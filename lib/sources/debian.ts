/**
 * Files of Debian packages: `apt-get download` and `dpkg -x` into a cache, nothing is installed.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { readDirectory } from "./directory.ts";
import type { Extracted } from "./document.ts";

const CACHE = fileURLToPath(new URL("../../.cache/debian/", import.meta.url));

/** Runs a program. @throws {UsageError} where the system has no such program, or it fails, with its last line. */
async function runProgram(program: string, args: string[], cwd: string): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args, cwd }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(
        `${program} is not on this system; sources of kind "debian" need Debian or a relative of it.`,
      );
    }
    throw error;
  }
  if (output.success) return;
  const lastLine = new TextDecoder().decode(output.stderr).trim().split("\n").at(-1);
  throw new UsageError(`${program} ${args.join(" ")} failed: ${lastLine}`);
}

/**
 * The unpacked folder of a Debian package, downloaded the first time.
 *
 * @param cache Folder of the unpacked packages.
 * @throws {UsageError} where apt or dpkg are missing, or know no such package.
 */
export async function debianDirectory(name: string, cache: string = CACHE): Promise<string> {
  const directory = join(cache, name);
  if (await exists(directory)) return directory;
  await Deno.mkdir(cache, { recursive: true });
  const temporary = await Deno.makeTempDir({ dir: cache, prefix: `.${name}-` });
  try {
    await runProgram("apt-get", ["download", name], temporary);
    const archives = (await Array.fromAsync(Deno.readDir(temporary))).map((entry) => entry.name);
    const archive = archives.find((file) => file.endsWith(".deb"));
    if (archive === undefined) throw new UsageError(`apt-get download ${name} left no .deb file.`);
    await runProgram("dpkg", ["-x", archive, "unpacked"], temporary);
    await Deno.rename(join(temporary, "unpacked"), directory);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  return directory;
}

/** The text files of a Debian package. @throws {UsageError} as {@link debianDirectory}. */
export async function* readDebian(
  reader: { package: string; folders: readonly string[] },
): AsyncGenerator<Extracted> {
  const root = await debianDirectory(reader.package);
  for (const folder of reader.folders) yield* readDirectory(join(root, folder));
}
