/**
 * How much better an answer is than the others to the same question.
 * @module
 */

/** ε of the division by the standard deviation, as TRL has it. */
const EPSILON = 1e-4;

/**
 * Advantages of the answers of one group: A = (r − mean(r)) / (std(r) + ε), with the unbiased standard deviation (Shao et al.,
 * DeepSeekMath, 2024, equation 3); or r − mean(r) alone, which does not favour questions whose answers are nearly all right or
 * all wrong (Liu et al., 2025).
 *
 * @param rewards Two at least.
 *
 * @example
 * ```ts
 * import { groupAdvantages } from "./advantages.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(groupAdvantages([1, 0, 0, 1], "mean"), [0.5, -0.5, -0.5, 0.5]);
 * ```
 */
export function groupAdvantages(
  rewards: readonly number[],
  scale: "standard deviation" | "mean",
): number[] {
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const centred = rewards.map((reward) => reward - mean);
  if (scale === "mean") return centred;
  const variance = centred.reduce((sum, value) => sum + value ** 2, 0) / (rewards.length - 1);
  return centred.map((value) => value / (Math.sqrt(variance) + EPSILON));
}
