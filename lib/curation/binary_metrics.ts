/**
 * How well numbers tell two classes apart.
 * @module
 */

/**
 * Area under the ROC curve: the probability that a document of class 1 scores above one of class 0, ties counting half (Mann and
 * Whitney, 1947). NaN where a class is empty.
 *
 * @param scores [documents].
 * @param labels 0 or 1 [documents].
 *
 * @example
 * ```ts
 * import { areaUnderCurve } from "./binary_metrics.ts";
 * import assert from "node:assert/strict";
 * assert.equal(areaUnderCurve([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1]), 0.875);
 * ```
 */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  // All indices are below the length of both.
  const score = (i: number) => scores[i] as number;
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => score(a) - score(b));
  let positives = 0, rankSum = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let tiedPositives = 0;
    for (; end < order.length && score(order[end] as number) === score(order[start] as number); end++) {
      tiedPositives += labels[order[end] as number] as number;
    }
    positives += tiedPositives;
    // Ranks count from 1; equal scores share the mean of theirs.
    rankSum += tiedPositives * (start + 1 + end) / 2;
  }
  const negatives = order.length - positives;
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}

/** Share of documents on the right side of a threshold: class 1 at or above it, class 0 below. NaN without documents. */
export function accuracyAt(threshold: number, scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < scores.length; i++) {
    if (Number((scores[i] as number) >= threshold) === labels[i]) right++; // in range
  }
  return right / scores.length;
}
