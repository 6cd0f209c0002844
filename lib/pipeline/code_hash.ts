/**
 * What code a stage runs: the hash of its module graph, so that an edit rebuilds what depends on it and nothing else.
 * @module
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { hashFile } from "../core/artefacts.ts";
import { RunError } from "../core/errors.ts";

/** The part of `deno info --json` that is used. */
interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly local?: string;
    /** "name@version" of an npm package. */
    readonly npmPackage?: string;
    /** Why it could not be read. */
    readonly error?: string;
  }[];
}

async function moduleGraph(entry: URL): Promise<ModuleGraph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", fileURLToPath(entry)],
  }).output();
  if (!success) {
    throw new RunError(`deno info failed on ${entry}: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout));
}

/**
 * Hashes source files by content, npm packages by name and version.
 *
 * @param entry A module, with everything it imports; any other file by itself.
 */
async function hashEntry(entry: URL): Promise<string> {
  if (!entry.pathname.endsWith(".ts")) return (await hashFile(fileURLToPath(entry))).sha256;
  const parts: string[] = [];
  for (const module of (await moduleGraph(entry)).modules) {
    if (module.error !== undefined) throw new RunError(`${module.specifier} cannot be read: ${module.error}`);
    if (module.local !== undefined && module.specifier.startsWith("file:")) {
      parts.push((await hashFile(module.local)).sha256);
    } else parts.push(module.npmPackage ?? module.specifier);
  }
  return createHash("sha256").update(parts.sort().join("\n")).digest("hex");
}

/**
 * One hash of several entries. Workers and WASM modules are not in any import statement: name them.
 *
 * @param entries URLs of modules (`import.meta.url` of the stage) and of other files that it executes.
 * @throws {RunError} where `deno info` cannot read a module.
 */
export async function codeHash(entries: readonly URL[]): Promise<string> {
  const hashes = await Promise.all(entries.map(hashEntry));
  return createHash("sha256").update(hashes.join("\n")).digest("hex");
}
