/**
 * What tells one teacher from another.
 * @module
 */
import { join } from "node:path";
import { exists, fingerprint, hashFile } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { TEACHER_CACHE_FILE } from "./teacher_cache.ts";

/** Whether an address is a server's and not a directory. */
export function isServer(address: string): boolean {
  return /^https?:/.test(address);
}

/**
 * A name that changes with what the teacher says: of a directory by the content of its config and weights, or of its cache's index;
 * of a server, about which no more can be known, by its address and model.
 *
 * @param model The server's.
 * @throws {UsageError} where a directory is neither a model nor a cache.
 */
export async function teacherIdentity(address: string, model: string | null): Promise<string> {
  if (isServer(address)) return `${model} at ${address}`;
  if (await exists(join(address, TEACHER_CACHE_FILE))) {
    return `cache ${(await hashFile(join(address, TEACHER_CACHE_FILE))).sha256}`;
  }
  if (!await exists(join(address, "config.json"))) {
    throw new UsageError(
      `Teacher ${address} is no directory with a config.json or a ${TEACHER_CACHE_FILE}, nor the address of a server.`,
    );
  }
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(address)) {
    if (isFile && (name === "config.json" || name.endsWith(".safetensors"))) names.push(name);
  }
  const hashes = await Promise.all(
    names.sort().map(async (name) => [name, (await hashFile(join(address, name))).sha256]),
  );
  return `model ${fingerprint(hashes)}`;
}
