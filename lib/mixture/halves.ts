/**
 * Which part of a representative set asks, and which is asked about.
 * @module
 */
import { Random } from "../core/random.ts";

/** Numbers of a source's documents, ascending. */
export interface ProbeAndCandidates {
  readonly probe: readonly number[];
  readonly candidates: readonly number[];
}

/**
 * Splits `count` documents into a probe and candidates: disjoint random halves, since a document inside its own probe
 * inflates its own score; an odd one is a candidate. With `overlap`, all are both, as in the paper.
 *
 * @example
 * ```ts
 * import { probeAndCandidates } from "./halves.ts";
 * import assert from "node:assert/strict";
 * const { probe, candidates } = probeAndCandidates(5, 42, "wordnet", false);
 * assert.deepEqual([...probe, ...candidates].sort(), [0, 1, 2, 3, 4]);
 * assert.equal(probe.length, 2);
 * ```
 */
export function probeAndCandidates(
  count: number,
  seed: number,
  source: string,
  overlap: boolean,
): ProbeAndCandidates {
  const all = Array.from({ length: count }, (_, i) => i);
  if (overlap) return { probe: all, candidates: all };
  const shuffled = Random.of(seed, "influence halves", source).shuffled(all);
  const ascending = (numbers: number[]) => numbers.sort((a, b) => a - b);
  const half = Math.floor(count / 2);
  return { probe: ascending(shuffled.slice(0, half)), candidates: ascending(shuffled.slice(half)) };
}
