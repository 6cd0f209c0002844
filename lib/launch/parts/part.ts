/**
 * Parts: a stage's work divided among ranks that know nothing of each other. Each part is a stage of its own, so that its manifest
 * marks it as done, and one that was interrupted goes on where it stopped.
 * @module
 */
import { join } from "node:path";
import { canonicalJson } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { codeHash } from "../../pipeline/code_hash.ts";
import { checkFinished, type FinishedStage, type Stage } from "../../pipeline/stage.ts";

/** Folder of a kind's parts in the run. */
export function partsFolder(kind: string): string {
  return `${kind}-parts`;
}

/** Name of a rank's part: a directory in the run. */
export function partName(kind: string, rank: number, ranks: number): string {
  return `${partsFolder(kind)}/${rank}-of-${ranks}`;
}

/**
 * The parts that are done and still hold, and undefined for those that are not. Their code, which is the same, is hashed once.
 *
 * @param root The run's directory.
 */
export async function findParts<Result>(
  parts: readonly Stage<Result>[],
  root: string,
): Promise<(FinishedStage<Result> | undefined)[]> {
  const [first] = parts;
  if (first === undefined) return [];
  const code = await codeHash(first.code);
  const found: (FinishedStage<Result> | undefined)[] = [];
  for (const { name, recipe, inputs } of parts) {
    const directory = join(root, name);
    const basis = canonicalJson([recipe, inputs, code]);
    const part = await checkFinished<Result>(
      directory,
      (manifest) =>
        canonicalJson([manifest.recipe, manifest.inputs, manifest.code]) === basis
          ? undefined
          : "it is another part",
    );
    found.push("manifest" in part ? { manifest: part.manifest, directory, skipped: true } : undefined);
  }
  return found;
}

/**
 * All parts.
 *
 * @throws {RunError} where some are not done, naming their ranks.
 */
export async function requireParts<Result>(
  parts: readonly Stage<Result>[],
  root: string,
): Promise<FinishedStage<Result>[]> {
  const found = await findParts(parts, root);
  const missing = parts.filter((_, rank) => found[rank] === undefined).map(({ name }) => name);
  if (missing.length > 0) throw new RunError(`Not done, or altered since: ${missing.join(", ")}.`);
  return found.filter((part) => part !== undefined);
}
