/**
 * Long curves in few points.
 * @module
 */

/** Neighbouring points of a curve taken together. */
export interface Bin {
  /** Where it ends. */
  readonly tokens: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * At most `count` bins of about equally many neighbouring points; values that are not finite are left out.
 *
 * @example
 * ```ts
 * import { binned } from "./bins.ts";
 * import assert from "node:assert/strict";
 * const curve = [{ tokens: 1, value: 4 }, { tokens: 2, value: 2 }, { tokens: 3, value: 1 }];
 * assert.deepEqual(binned(curve, 2), [
 *   { tokens: 1, mean: 4, low: 4, high: 4 },
 *   { tokens: 3, mean: 1.5, low: 1, high: 2 },
 * ]);
 * ```
 */
export function binned(points: readonly { tokens: number; value: number }[], count: number): Bin[] {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  const size = Math.min(count, finite.length);
  return Array.from({ length: size }, (_, i) => {
    const part = finite.slice(
      Math.floor(i * finite.length / size),
      Math.floor((i + 1) * finite.length / size),
    );
    const values = part.map(({ value }) => value);
    return {
      tokens: part.at(-1)?.tokens ?? 0,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: values.reduce((a, b) => Math.min(a, b)),
      high: values.reduce((a, b) => Math.max(a, b)),
    };
  });
}
