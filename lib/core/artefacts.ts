/**
 * Files that are either whole or absent: written beside their place, synced, renamed. And the hashes that tell them apart.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** SHA-256 of bytes or text, as hex. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** SHA-256 and size of a file, streamed. */
export async function hashFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  using file = await Deno.open(path, { read: true });
  const buffer = new Uint8Array(1 << 20);
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    hash.update(buffer.subarray(0, n));
    bytes += n;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry) =>
      entry !== null && typeof entry === "object" && !Array.isArray(entry)
        ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0))
        : entry,
  );
}

/** Hash of a value's canonical JSON. */
export function fingerprint(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** Makes a rename durable. Directories cannot be opened on every platform; there the rename itself has to do. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/**
 * Writes a file so that a reader, or a crash, sees the old one or the new one and nothing between.
 *
 * @param write The content, or a function that writes it to the temporary file, or has another library write it to that file's path.
 */
export async function writeFileAtomic(
  path: string,
  write: Uint8Array | string | ((file: Deno.FsFile, temporary: string) => Promise<void>),
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${Deno.pid}.partial`);
  try {
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      if (typeof write === "function") await write(file, temporary);
      else await writeAll(file, typeof write === "string" ? new TextEncoder().encode(write) : write);
      await file.sync();
    }
    await Deno.rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Whether a file is what {@link writeFileAtomic} leaves where the process is killed while it writes. */
export function isTemporaryFile(name: string): boolean {
  return /^\..+\.[0-9]+\.partial$/.test(name);
}

/** Writes every byte; one `write` may take fewer. */
export async function writeAll(file: Deno.FsFile, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length;) done += await file.write(data.subarray(done));
}

/** Pretty JSON, written atomically. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/** Whether a file or directory is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
