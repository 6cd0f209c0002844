/**
 * Labels that would overlap, moved apart.
 * @module
 */

/**
 * Places at least `gap` from each other, in the order of those wanted, as near to them as going down and then up once brings them.
 * What does not fit ends above 0.
 *
 * @param wanted Pixels from the top.
 * @param limit The lowest place.
 *
 * @example
 * ```ts
 * import { spread } from "./spread.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(spread([50, 10, 52], 10, 55), [45, 10, 55]);
 * ```
 */
export function spread(wanted: readonly number[], gap: number, limit: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  const places = [...wanted];
  let free = -Infinity;
  for (const i of order) {
    places[i] = Math.max(places[i] ?? 0, free);
    free = (places[i] ?? 0) + gap;
  }
  let lowest = limit;
  for (const i of order.toReversed()) {
    places[i] = Math.min(places[i] ?? 0, lowest);
    lowest = (places[i] ?? 0) - gap;
  }
  return places;
}
