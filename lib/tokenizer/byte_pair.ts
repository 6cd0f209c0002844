/**
 * Byte-pair encoding of one piece of text: the neighbours whose concatenation has the lowest rank merge first, the leftmost
 * of equals first, until nothing merges (Sennrich et al., 2016, over bytes).
 *
 * Candidates wait in a heap, so a piece of n bytes takes O(n log n): a megabyte of one letter is no special case.
 * @module
 */
import { MinHeap } from "./min_heap.ts";

/** No merge starts here. */
const NONE = 0xffffffff;

/** Candidates are numbers, rank · 2³² + start, so that their order is rank, then place. */
const RANK_UNIT = 2 ** 32;

/**
 * Encodes byte strings (a character U+0000…U+00FF each) to ranks.
 *
 * @example
 * ```ts
 * import { BytePairEncoder } from "./byte_pair.ts";
 * import assert from "node:assert/strict";
 * const encoder = new BytePairEncoder(["a", "b", "ab", "aba"]);
 * assert.deepEqual(encoder.encode("abbaba"), [2, 1, 3]);
 * ```
 */
export class BytePairEncoder {
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #longest: number;
  // Of the piece being merged. A symbol is named by the place of its first byte.
  /** Where a symbol ends, and the next one starts. */
  #end = new Uint32Array(256);
  /** Where the symbol before starts; −1 for the first. */
  #previous = new Int32Array(256);
  /** Rank of a symbol's merge with the next one; candidates of another rank are out of date. */
  #current = new Uint32Array(256);
  readonly #candidates = new MinHeap();

  /** @param tokens Byte strings in rank order; every byte that occurs in a text must be one of them. */
  constructor(tokens: readonly string[]) {
    this.#ranks = new Map(tokens.map((token, rank) => [token, rank]));
    this.#longest = tokens.reduce((longest, token) => Math.max(longest, token.length), 0);
  }

  /** Ranks of the tokens that the bytes become. A piece that is itself a token is that token, whatever its merges. */
  encode(bytes: string): number[] {
    const whole = this.#ranks.get(bytes);
    return whole === undefined ? this.#merge(bytes) : [whole];
  }

  #rank(bytes: string, from: number, to: number): number {
    if (to - from > this.#longest) return NONE;
    return this.#ranks.get(bytes.slice(from, to)) ?? NONE;
  }

  #merge(bytes: string): number[] {
    const length = bytes.length;
    if (length > this.#end.length) this.#reserve(2 * length);
    const end = this.#end, previous = this.#previous, current = this.#current, candidates = this.#candidates;
    const offer = (start: number) => {
      const middle = end[start] ?? length;
      const rank = middle < length ? this.#rank(bytes, start, end[middle] ?? length) : NONE;
      current[start] = rank;
      if (rank !== NONE) candidates.push(rank * RANK_UNIT + start);
    };
    for (let start = 0; start < length; start++) {
      end[start] = start + 1;
      previous[start] = start - 1;
    }
    for (let start = 0; start < length; start++) offer(start);
    for (let best = candidates.pop(); best !== undefined; best = candidates.pop()) {
      const start = best % RANK_UNIT;
      if (current[start] !== Math.floor(best / RANK_UNIT)) continue;
      const middle = end[start] ?? length, after = end[middle] ?? length;
      end[start] = after;
      current[middle] = NONE;
      if (after < length) previous[after] = start;
      offer(start);
      const before = previous[start] ?? -1;
      if (before >= 0) offer(before);
    }
    const result: number[] = [];
    for (let start = 0; start < length; start = end[start] ?? length) {
      result.push(this.#rank(bytes, start, end[start] ?? length));
    }
    return result;
  }

  #reserve(length: number): void {
    this.#end = new Uint32Array(length);
    this.#previous = new Int32Array(length);
    this.#current = new Uint32Array(length);
  }
}
