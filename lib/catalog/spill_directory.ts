/**
 * Where goes what does not stay in memory.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/**
 * A new directory for one process alone, which its maker removes: DuckDB's names for spilled files are the same in all processes.
 *
 * @param prefix Of its name.
 * @param parent By default the system's directory for temporary files.
 * @throws {UsageError} where the parent is no directory.
 */
export async function makeSpillDirectory(prefix: string, parent?: string): Promise<string> {
  try {
    return await Deno.makeTempDir({ prefix, ...(parent === undefined ? {} : { dir: parent }) });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    throw new UsageError(`The spill directory is "${parent}", expected an existing directory.`);
  }
}
