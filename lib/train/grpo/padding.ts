/**
 * Lengths of batches.
 * @module
 */

/** So that a GPU, which makes a plan for every shape, meets few. */
const LENGTH_UNIT = 32;

/** The length of a batch that has room for so many tokens. */
export function paddedLength(tokens: number): number {
  return Math.ceil(tokens / LENGTH_UNIT) * LENGTH_UNIT;
}
