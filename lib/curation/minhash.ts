/**
 * MinHash: a set of shingles as a few numbers, from which the Jaccard similarity of two sets can be read (Broder, 1997).
 *
 * J(A, B) = |A ∩ B| / |A ∪ B| is the probability that a random order of all shingles has the same first one in A and in B.
 * @module
 */
import { Random } from "../core/random.ts";
import { hashRuns, hashWords, RUN_FACTORS } from "./words.ts";

/**
 * Hashes of a text's shingles: its runs of `words` words; of a shorter text, all its words as one. A text without words has none.
 */
export function shinglesOf(text: string, words: number): Uint32Array<ArrayBuffer> {
  const hashes = hashWords(text);
  return hashRuns(hashes, Math.max(1, Math.min(words, hashes.length)), RUN_FACTORS[0]);
}

/** Signatures: the minimum of the shingles' hashes under each of several permutations h(x) = a·x + b modulo 2³², a odd. */
export class MinHash {
  /** a of each permutation. */
  readonly #factors: Uint32Array;
  /** b of each permutation. */
  readonly #offsets: Uint32Array;

  constructor(permutations: number, seed: number) {
    const random = Random.of(seed, "minhash");
    this.#factors = Uint32Array.from({ length: permutations }, (_, i) => random.uint32(2 * i) | 1);
    this.#offsets = Uint32Array.from({ length: permutations }, (_, i) => random.uint32(2 * i + 1));
  }

  /**
   * Writes the minima of a set into `signature` [permutations]; repeated shingles change nothing. Signatures of an empty set are
   * all 2³² − 1.
   */
  sign(shingles: Uint32Array, signature: Uint32Array): void {
    const factors = this.#factors, offsets = this.#offsets;
    signature.fill(0xffffffff);
    for (let s = 0; s < shingles.length; s++) {
      // In range, as below: all three arrays have one entry a permutation.
      const shingle = shingles[s] as number;
      for (let i = 0; i < factors.length; i++) {
        const hash = (Math.imul(factors[i] as number, shingle) + (offsets[i] as number)) >>> 0;
        if (hash < (signature[i] as number)) signature[i] = hash;
      }
    }
  }
}

/**
 * The share of equal entries of two signatures: an unbiased estimate of J with standard deviation √(J(1 − J)/permutations).
 * Entries may be cut to their low 16 bits, which makes it 2⁻¹⁶ too high at most (b-bit minwise hashing: Li and König, 2010).
 *
 * @param startA Where a's signature begins.
 * @param startB Where b's does.
 */
export function estimateJaccard(
  permutations: number,
  a: Uint16Array | Uint32Array,
  b: Uint16Array | Uint32Array,
  startA = 0,
  startB = 0,
): number {
  let equal = 0;
  for (let i = 0; i < permutations; i++) if (a[startA + i] === b[startB + i]) equal++;
  return equal / permutations;
}
