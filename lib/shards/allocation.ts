/**
 * How many sequences each source of a mixture gives.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** A source as the mixture sees it. */
export interface Share {
  readonly name: string;
  /** Share of the sequences; only ratios count. */
  readonly weight: number;
  /** Sequences it can give at most; Infinity: without limit. */
  readonly capacity: number;
}

/**
 * Whole numbers that sum to `total`, as near to the weights as the capacities allow: a source that would exceed its capacity
 * gives just that, and what is left goes to the others by weight; then largest-remainder rounding (Hamilton's method; of
 * equal remainders the first wins).
 *
 * @returns One number per share, in order.
 * @throws {UsageError} where the capacities of all sources with a weight sum to less than the total.
 *
 * @example
 * ```ts
 * import { allocate } from "./allocation.ts";
 * import assert from "node:assert/strict";
 * const half = { weight: 0.5, capacity: Infinity };
 * assert.deepEqual(allocate(5, [{ name: "code", ...half }, { name: "math", ...half }]), [3, 2]);
 * assert.deepEqual(allocate(5, [{ name: "code", weight: 0.5, capacity: 1 }, { name: "math", ...half }]), [1, 4]);
 * ```
 */
export function allocate(total: number, shares: readonly Share[]): number[] {
  const weighted = shares.filter(({ weight }) => weight > 0);
  const available = weighted.reduce((sum, { capacity }) => sum + capacity, 0);
  if (available < total) {
    throw new UsageError(
      `The mixture needs ${total} sequences, its sources have ${available} (${
        weighted.map(({ name, capacity }) => `${name} ${capacity}`).join(", ")
      }): train on fewer tokens, or allow more epochs.`,
    );
  }
  const counts = new Map<Share, number>();
  let open = weighted, left = total;
  for (;;) {
    const weight = open.reduce((sum, share) => sum + share.weight, 0);
    const full = open.filter((share) => share.weight / weight * left > share.capacity);
    if (full.length === 0) {
      roundLargestRemainder(left, open.map((share) => share.weight / weight))
        .forEach((count, i) => counts.set(open[i] as Share, count));
      return shares.map((share) => counts.get(share) ?? 0);
    }
    for (const share of full) {
      counts.set(share, share.capacity);
      left -= share.capacity;
    }
    open = open.filter((share) => !counts.has(share));
  }
}

/** Whole numbers near weight · total that sum to the total; the weights sum to 1. */
function roundLargestRemainder(total: number, weights: readonly number[]): number[] {
  const counts = weights.map((weight) => Math.floor(weight * total));
  const missing = total - counts.reduce((sum, count) => sum + count, 0);
  weights.map((weight, i) => ({ i, remainder: weight * total - Math.floor(weight * total) }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i)
    .slice(0, missing)
    .forEach(({ i }) => counts[i] = (counts[i] ?? 0) + 1);
  return counts;
}
