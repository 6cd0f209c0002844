/**
 * Shares that sum to 1, each between bounds of its own.
 * @module
 */

/** Least and most of each share [sources]. */
export interface ShareBounds {
  readonly least: readonly number[];
  readonly most: readonly number[];
}

/** Whether any shares fulfil the bounds, give or take rounding. */
export function isFeasible({ least, most }: ShareBounds): boolean {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return least.every((value, j) => value <= (most[j] ?? 0)) && sum(least) <= 1 + 1e-9 &&
    sum(most) >= 1 - 1e-9;
}

/**
 * The shares within the bounds that are nearest to a point: Euclidean projection, max(least, min(most, v − τ)) with the τ for which
 * they sum to 1, found by bisection.
 *
 * @param bounds Ones that {@link isFeasible} holds for.
 *
 * @example
 * ```ts
 * import { nearestShares } from "./bounded_shares.ts";
 * import assert from "node:assert/strict";
 * const shares = nearestShares([0.9, 0.2, -0.1], { least: [0, 0, 0], most: [0.5, 1, 1] });
 * assert.deepEqual(shares.map((share) => share.toFixed(6)), ["0.500000", "0.400000", "0.100000"]);
 * ```
 */
export function nearestShares(point: readonly number[], { least, most }: ShareBounds): number[] {
  const shifted = (shift: number) =>
    point.map((value, j) => Math.max(least[j] ?? 0, Math.min(most[j] ?? 1, value - shift)));
  const sumOf = (shares: readonly number[]) => shares.reduce((sum, share) => sum + share, 0);
  // All at their most, and all at their least.
  let low = Math.min(...point) - 1, high = Math.max(...point);
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return shifted(low);
    if (sumOf(shifted(middle)) > 1) low = middle;
    else high = middle;
  }
}
