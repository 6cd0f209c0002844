/**
 * What a measurement that is repeated is summed up by.
 * @module
 */

/** The middle one of at least one value. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
