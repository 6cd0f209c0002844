/**
 * One file of a repository on the hub, to disk: goes on where it broke off, and is checked against the hub's checksum before it gets
 * its name.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { exists, writeAll } from "../core/artefacts.ts";
import { askHub, hubBytes, type HubFile, type HubRepository, TransferError } from "./hub_client.ts";

/** What to download, and whereto. */
export interface HubDownload {
  readonly repository: HubRepository;
  readonly commit: string;
  readonly file: HubFile;
  /** The repository's folder on this machine. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file that is not there yet; processes that want the same one wait for each other.
 *
 * @returns Its path on this machine.
 * @throws {UsageError} where the hub refuses. @throws {RunError} where the last attempt failed too, a wrong checksum among them.
 */
export async function downloadHubFile(download: HubDownload): Promise<string> {
  const { file, folder, repository, signal } = download;
  const target = join(folder, file.path);
  if (await exists(target)) return target;
  await Deno.mkdir(dirname(target), { recursive: true });
  await askHub(`file ${file.path} of ${repository.name}`, () => attempt(download, target), signal);
  return target;
}

async function attempt(
  { repository, commit, file, signal }: HubDownload,
  target: string,
): Promise<void> {
  const partial = join(dirname(target), `.${basename(target)}.download`);
  using output = await Deno.open(partial, { read: true, write: true, create: true });
  await output.lock(true);
  if (await exists(target)) {
    // Another process finished it; what is open here is that file, or an empty one of no use to anyone.
    await Deno.remove(partial).catch(() => {});
    return;
  }
  const { hash, bytes: start } = await startOf(output, file);
  let bytes = start;
  if (bytes < file.bytes) {
    for await (const chunk of await hubBytes(repository, commit, file, start)) {
      signal?.throwIfAborted();
      await writeAll(output, chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
  }
  if (bytes < file.bytes) throw new TransferError(`${bytes} of ${file.bytes} bytes came`);
  const expected = file.sha256 ?? file.gitSha1, found = hash.digest("hex");
  if (bytes > file.bytes || expected !== null && found !== expected) {
    await output.truncate(0);
    throw new TransferError(
      `${bytes} bytes of checksum ${found} came, expected ${file.bytes} of ${expected}`,
    );
  }
  await output.sync();
  await Deno.rename(partial, target);
}

/** What an earlier attempt left, hashed; the file stands at its end. */
async function startOf(
  output: Deno.FsFile,
  { bytes: expected, sha256 }: HubFile,
): Promise<{ hash: Hash; bytes: number }> {
  const hash = sha256 === null ? createHash("sha1").update(`blob ${expected}\0`) : createHash("sha256");
  if ((await output.stat()).size > expected) await output.truncate(0);
  const buffer = new Uint8Array(1 << 20);
  let bytes = 0;
  for (let count = await output.read(buffer); count !== null; count = await output.read(buffer)) {
    hash.update(buffer.subarray(0, count));
    bytes += count;
  }
  return { hash, bytes };
}
