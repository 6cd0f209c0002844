/**
 * Which candidates a proxy is trained on.
 * @module
 */
import { Random } from "../../core/random.ts";

/**
 * Random halves of 0 … count − 1, each ascending; of an odd count the smaller half.
 *
 * @example
 * ```ts
 * import { randomHalves } from "./selections.ts";
 * import assert from "node:assert/strict";
 * const halves = randomHalves(6, 2, 1);
 * assert.deepEqual(halves.map((half) => half.length), [3, 3]);
 * ```
 */
export function randomHalves(count: number, subsets: number, seed: number): number[][] {
  const all = Array.from({ length: count }, (_, i) => i);
  return Array.from(
    { length: subsets },
    (_, subset) =>
      Random.of(seed, "half", subset).shuffled(all).slice(0, Math.floor(count / 2)).sort((a, b) => a - b),
  );
}

/** What is left after dropping a share of the candidates by a score, ascending. At least one is dropped, and one left. */
export interface Dropped {
  /** Without the highest. */
  readonly top: number[];
  /** Without the lowest. */
  readonly bottom: number[];
  /** Without as many random ones. */
  readonly random: number[];
}

/**
 * Drops a share of the candidates three times: the highest scores, the lowest, random ones.
 *
 * @param share 0 … 1, the ends excluded.
 * @param seed Of the random ones.
 */
export function dropped(scores: ArrayLike<number>, share: number, seed: number): Dropped {
  const all = Array.from({ length: scores.length }, (_, i) => i);
  const count = Math.min(all.length - 1, Math.max(1, Math.round(share * all.length)));
  const ranked = all.toSorted((a, b) => (scores[b] as number) - (scores[a] as number)); // Both are below its length.
  const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
  return {
    top: ascending(ranked.slice(count)),
    bottom: ascending(ranked.slice(0, -count)),
    random: ascending(Random.of(seed, "dropped").shuffled(all).slice(count)),
  };
}
