/**
 * Counter-based randomness: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
 *
 * A stream is a key; its i-th number is a pure function of (key, i). Nothing is stored, so any number can be had in
 * any order, on any worker, after any resume.
 * @module
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Upper 32 bits of the product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + Math.floor(carry / 0x10000)) >>> 0;
}

/**
 * One block: four 32-bit numbers from a 128-bit counter and a 64-bit key.
 *
 * @param counter Four unsigned 32-bit words.
 * @param key Two unsigned 32-bit words.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0), low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2), low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Derives a key from a seed and the path of names that says what the numbers are for. */
function deriveKey(seed: number, path: readonly (string | number)[]): [number, number] {
  const bytes = new TextEncoder().encode(JSON.stringify([seed, ...path]));
  let key: [number, number] = [bytes.length, 0];
  for (let i = 0; i < bytes.length; i += 4) {
    const word =
      ((bytes[i] ?? 0) | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0) << 16 | (bytes[i + 3] ?? 0) << 24) >>>
      0;
    const [a, b] = philox([word, i, key[0], key[1]], key);
    key = [a, b];
  }
  return key;
}

/**
 * A stream of random numbers, addressed by index.
 *
 * @example
 * ```ts
 * import { Random } from "./random.ts";
 * import assert from "node:assert/strict";
 * const initialisation = Random.of(42, "initialise", "model.norm.weight");
 * assert.equal(initialisation.uniform(7), Random.of(42, "initialise", "model.norm.weight").uniform(7));
 * ```
 */
export class Random {
  readonly #key: readonly [number, number];

  private constructor(key: readonly [number, number]) {
    this.#key = key;
  }

  /** The stream for one purpose: a seed and the names (stage, tensor, step …) that tell it from every other. */
  static of(seed: number, ...path: (string | number)[]): Random {
    return new Random(deriveKey(seed, path));
  }

  #block(index: number): [number, number, number, number] {
    return philox([index >>> 0, Math.floor(index / 0x100000000) >>> 0, 0, 0], this.#key);
  }

  /** Unsigned 32-bit number. */
  uint32(index: number): number {
    return this.#block(index)[0];
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(index: number): number {
    const [a, b] = this.#block(index);
    return ((a >>> 5) * 0x4000000 + (b >>> 6)) / 0x20000000000000;
  }

  /** Whole number, uniform in [0, bound). */
  below(index: number, bound: number): number {
    return Math.floor(this.uniform(index) * bound);
  }

  /** Standard normal (Box–Muller; one number per block, for independence of order). */
  normal(index: number): number {
    const [a, b, c, d] = this.#block(index);
    const radius = ((a >>> 5) * 0x4000000 + (b >>> 6) + 1) / 0x20000000000000;
    const angle = ((c >>> 5) * 0x4000000 + (d >>> 6)) / 0x20000000000000;
    return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.below(last, last + 1);
      // Both indices are within the array.
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  }
}
