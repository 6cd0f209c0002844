/**
 * A set of document ids in eight bytes each, for corpora of millions of documents.
 * @module
 */

/** Slots are doubled when this share of them is taken. */
const MAX_LOAD = 0.7;

/**
 * Remembers the first 64 bits of ids. Two different ids share them with probability n²/2⁶⁵: 3 in a million for ten million
 * documents.
 */
export class IdSet {
  /** Open addressing with linear probing: a slot is two words; both zero is free. */
  #words = new Uint32Array(2 * 1024);
  #size = 0;

  /** Ids added. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an id of at least 16 hex digits.
   *
   * @returns Whether it was new.
   *
   * @example
   * ```ts
   * import { IdSet } from "./id_set.ts";
   * import assert from "node:assert/strict";
   * const ids = new IdSet();
   * assert.equal(ids.add("00000000000000aa"), true);
   * assert.equal(ids.add("00000000000000aa"), false);
   * ```
   */
  add(id: string): boolean {
    const high = parseInt(id.slice(0, 8), 16);
    // The all-zero id would look like a free slot.
    const low = parseInt(id.slice(8, 16), 16) || (high === 0 ? 1 : 0);
    if (!insert(this.#words, high, low)) return false;
    this.#size++;
    if (this.#size > MAX_LOAD * this.#words.length / 2) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      // In range: i + 1 < old.length, an even number.
      const high = old[i] as number, low = old[i + 1] as number;
      if (high !== 0 || low !== 0) insert(this.#words, high, low);
    }
  }
}

function insert(words: Uint32Array, high: number, low: number): boolean {
  const mask = words.length / 2 - 1;
  for (let slot = low & mask;; slot = (slot + 1) & mask) {
    if (words[2 * slot] === high && words[2 * slot + 1] === low) return false;
    if (words[2 * slot] === 0 && words[2 * slot + 1] === 0) {
      words[2 * slot] = high;
      words[2 * slot + 1] = low;
      return true;
    }
  }
}
