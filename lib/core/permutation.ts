/**
 * Random access to a random order: a Feistel network over ⌈√n⌉-sized halves, walked until it lands below n
 * (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
 * @module
 */
import { Random } from "./random.ts";

const ROUNDS = 4;

/**
 * A permutation of 0 … size−1 that needs no memory: `at(i)` is a pure function of the stream and i.
 *
 * @example
 * ```ts
 * import { Permutation } from "./permutation.ts";
 * import { Random } from "./random.ts";
 * import assert from "node:assert/strict";
 * const order = new Permutation(5, Random.of(1, "example"));
 * assert.deepEqual([0, 1, 2, 3, 4].map((i) => order.at(i)).sort(), [0, 1, 2, 3, 4]);
 * ```
 */
export class Permutation {
  readonly size: number;
  readonly #random: Random;
  readonly #half: number;

  /** @throws {RangeError} where size is no whole number in 1 … 2^52. */
  constructor(size: number, random: Random) {
    if (!Number.isSafeInteger(size) || size < 1 || size > 2 ** 52) {
      throw new RangeError(`Permutation: size is ${size}, expected a whole number in 1 … 2^52.`);
    }
    this.size = size;
    this.#random = random;
    this.#half = Math.ceil(Math.sqrt(size));
  }

  /** Where index i goes. */
  at(index: number): number {
    if (!(index >= 0 && index < this.size)) {
      throw new RangeError(`Permutation: index is ${index}, expected 0 … ${this.size - 1}.`);
    }
    let value = index;
    do value = this.#encipher(value); while (value >= this.size);
    return value;
  }

  #encipher(value: number): number {
    const half = this.#half;
    let left = Math.floor(value / half), right = value % half;
    for (let round = 0; round < ROUNDS; round++) {
      [left, right] = [right, (left + this.#random.uint32(round * half + right)) % half];
    }
    return left * half + right;
  }
}
