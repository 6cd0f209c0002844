/**
 * Mixture files: the published ones and the demo's in data/mixtures, or anyone's own.
 * @module
 */
import { type Mixture, parseMixture } from "../core/mixture.ts";
import { readNamedJson } from "../core/named_file.ts";

const MIXTURES = new URL("../../data/mixtures/", import.meta.url);

/**
 * Reads a mixture by name (data/mixtures/NAME.json) or path.
 *
 * @throws {UsageError} where it is missing or malformed, or its weights sum to neither 1 nor 100 within 1%.
 *
 * @example
 * ```ts
 * import { loadMixture } from "./load.ts";
 * import assert from "node:assert/strict";
 * const { sources } = await loadMixture("demo-phase1");
 * assert.equal(sources.find(({ name }) => name === "wordnet")?.weight, 0.22);
 * ```
 */
export async function loadMixture(nameOrPath: string): Promise<Mixture> {
  const { path, value } = await readNamedJson("mixture", nameOrPath, MIXTURES);
  return parseMixture(value, path);
}
