/**
 * Reproducible numbers for checks and benchmarks.
 * @module
 */

/** A stream of 32-bit words (Marsaglia's xorshift with shifts 13, 17, 5), the first ones dropped. */
export function words(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
  for (let i = 0; i < 8; i++) next();
  return next;
}

/** Uniform numbers in [−1, 1). */
export function numbers(count: number, seed: number): Float32Array {
  const next = words(seed);
  return Float32Array.from({ length: count }, () => next() / 2 ** 31 - 1);
}
