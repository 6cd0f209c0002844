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

/** The block computed last: four unsigned 32-bit words. Reused, since a fresh array a block costs more than the block. */
const block = new Uint32Array(4);

/** One block into {@link block}, from a counter of four words and a key of two. */
function computeBlock(
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
) {
  let c0 = counter0 | 0,
    c1 = counter1 | 0,
    c2 = counter2 | 0,
    c3 = counter3 | 0,
    k0 = key0 | 0,
    k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    // Upper words of the two 64-bit products, from 16-bit halves.
    const low0 = c0 & 0xffff, high0 = c0 >>> 16, low1 = c2 & 0xffff, high1 = c2 >>> 16;
    const middle0 = high0 * (MULTIPLIER_0 & 0xffff) + ((low0 * (MULTIPLIER_0 & 0xffff)) >>> 16);
    const middle1 = high1 * (MULTIPLIER_1 & 0xffff) + ((low1 * (MULTIPLIER_1 & 0xffff)) >>> 16);
    const carry0 = low0 * (MULTIPLIER_0 >>> 16) + (middle0 & 0xffff);
    const carry1 = low1 * (MULTIPLIER_1 >>> 16) + (middle1 & 0xffff);
    const upper0 = high0 * (MULTIPLIER_0 >>> 16) + (middle0 >>> 16) + (carry0 >>> 16);
    const upper1 = high1 * (MULTIPLIER_1 >>> 16) + (middle1 >>> 16) + (carry1 >>> 16);
    const lower0 = Math.imul(MULTIPLIER_0, c0), lower1 = Math.imul(MULTIPLIER_1, c2);
    c0 = upper1 ^ c1 ^ k0;
    c1 = lower1;
    c2 = upper0 ^ c3 ^ k1;
    c3 = lower0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** A word of {@link block}; it has four. */
function word(index: 0 | 1 | 2 | 3): number {
  return block[index] as number;
}

/** 53 bits of two words, in [0, 1). */
function unit(high: number, low: number): number {
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
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
  computeBlock(...counter, ...key);
  return [word(0), word(1), word(2), word(3)];
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

/** Box–Muller's radius from the current block. */
function gaussianRadius(): number {
  // 1 − u is in (0, 1].
  return Math.sqrt(-2 * Math.log(1 - unit(word(0), word(1))));
}

/** Box–Muller's angle from the current block. */
function gaussianAngle(): number {
  return 2 * Math.PI * unit(word(2), word(3));
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

  #compute(index: number): void {
    computeBlock(index, Math.floor(index / 0x100000000), 0, 0, this.#key[0], this.#key[1]);
  }

  /** Unsigned 32-bit number. */
  uint32(index: number): number {
    this.#compute(index);
    return word(0);
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(index: number): number {
    this.#compute(index);
    return unit(word(0), word(1));
  }

  /** Whole number, uniform in [0, bound). */
  below(index: number, bound: number): number {
    return Math.floor(this.uniform(index) * bound);
  }

  /** Standard normal. Numbers 2i and 2i + 1 are a Box–Muller pair of block i. */
  normal(index: number): number {
    this.#compute(Math.floor(index / 2));
    return index % 2 === 0
      ? gaussianRadius() * Math.cos(gaussianAngle())
      : gaussianRadius() * Math.sin(gaussianAngle());
  }

  /** Fills an array with normal(0), normal(1), …, times a scale; twice as fast as one by one. */
  fillNormal(values: Float32Array, scale: number): void {
    for (let i = 0; i < values.length; i += 2) {
      this.#compute(i / 2);
      const radius = gaussianRadius(), angle = gaussianAngle();
      values[i] = scale * (radius * Math.cos(angle));
      if (i + 1 < values.length) values[i + 1] = scale * (radius * Math.sin(angle));
    }
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
