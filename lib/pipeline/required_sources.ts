/**
 * Whether the sources of a recipe are on this machine, before anything runs.
 * @module
 */
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import type { SourceSpec } from "../sources/spec.ts";

/**
 * Checks that there is a file or a folder wherever a source is said to be; packages are the package
 * manager's affair, and data sets of the hub are downloaded as they are read.
 *
 * @throws {UsageError} naming every source that is missing, and where it was expected.
 */
export async function requireSources(specs: readonly Pick<SourceSpec, "name" | "reader">[]): Promise<void> {
  const missing: string[] = [];
  for (const { name, reader } of specs) {
    if ("path" in reader && reader.kind !== "hub" && !await exists(reader.path)) {
      missing.push(`"${name}" at ${reader.path}`);
    }
  }
  if (missing.length === 0) return;
  throw new UsageError(`Not on this machine: ${missing.join(", ")}; --estimate does without.`);
}
