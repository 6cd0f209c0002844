/**
 * pass@k: the chance that one of k answers is right, from n ≥ k of them.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/**
 * The unbiased estimate 1 − C(n − c, k) / C(n, k) (Chen et al., 2021), as a product, so that nothing overflows.
 *
 * @param answers n.
 * @param correct c.
 * @throws {UsageError} where k is not in 1 … n or c not in 0 … n.
 *
 * @example
 * ```ts
 * import { passAtK } from "./pass_at_k.ts";
 * import assert from "node:assert/strict";
 * // Of 4 answers 2 are right: of the 6 pairs only one has none.
 * assert.equal(passAtK(4, 2, 2).toFixed(6), (5 / 6).toFixed(6));
 * ```
 */
export function passAtK(answers: number, correct: number, k: number): number {
  if (!(Number.isInteger(k) && k >= 1 && k <= answers && correct >= 0 && correct <= answers)) {
    throw new UsageError(`pass@${k} of ${correct} right among ${answers} answers does not exist.`);
  }
  let none = 1;
  for (let i = answers - correct + 1; i <= answers; i++) none *= Math.max(0, 1 - k / i);
  return 1 - none;
}
