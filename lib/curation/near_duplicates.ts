/**
 * Near-duplicates by MinHash with banded locality-sensitive hashing (Leskovec, Rajaraman and Ullman, "Mining of massive datasets",
 * chapter 3).
 *
 * The permutations fall into b bands of r rows. Two documents that agree on all rows of a band are candidates, which happens with
 * probability 1 − (1 − Jʳ)ᵇ; for 16 bands of 8 rows that is .01 at J = .4, .61 at .7, .95 at .8 and 1.00 at .9. A candidate pair
 * counts if its whole signatures agree on at least the threshold's share. Clusters are the connected components of those pairs, so
 * they do not depend on the order of the documents.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Document } from "../sources/document.ts";
import { DisjointSets, type Duplicate, keptOfCluster, listDuplicates } from "./clusters.ts";
import { estimateJaccard, MinHash, shinglesOf } from "./minhash.ts";
import { mix } from "./words.ts";

/** When two documents are near-duplicates. */
export interface NearDuplicateSettings {
  /** Words of a shingle. */
  readonly shingleWords: number;
  readonly bands: number;
  /** Permutations of a band. */
  readonly rows: number;
  /** Least estimated Jaccard similarity of a pair, above 0, at most 1. */
  readonly threshold: number;
  /** Of the permutations. */
  readonly seed: number;
}

/** Shingles of 5 words, 128 permutations in 16 bands of 8, J ≥ 0.7. */
export const NEAR_DUPLICATES: NearDuplicateSettings = {
  shingleWords: 5,
  bands: 16,
  rows: 8,
  threshold: 0.7,
  seed: 1,
};

/** What stands for a text: the low 16 bits of its minima [permutations], and a hash of each band [bands]. */
export interface BandedSignature {
  readonly signature: Uint16Array;
  readonly keys: Uint32Array;
}

/** Turns texts into signatures. */
export class BandedSigner {
  readonly #settings: NearDuplicateSettings;
  readonly #hash: MinHash;

  /** @throws {UsageError} for a setting out of range. */
  constructor(settings: NearDuplicateSettings) {
    for (const name of ["shingleWords", "bands", "rows"] as const) {
      if (!Number.isSafeInteger(settings[name]) || settings[name] < 1) {
        throw new UsageError(`${name} is ${settings[name]}, expected a whole number above 0.`);
      }
    }
    if (!(settings.threshold > 0 && settings.threshold <= 1)) {
      throw new UsageError(`threshold is ${settings.threshold}, expected a similarity above 0 and up to 1.`);
    }
    this.#settings = settings;
    this.#hash = new MinHash(settings.bands * settings.rows, settings.seed);
  }

  /** A text's signature; null where it has no words: such a text resembles nothing. */
  sign(text: string): BandedSignature | null {
    const { shingleWords, bands, rows } = this.#settings;
    const shingles = shinglesOf(text, shingleWords);
    if (shingles.length === 0) return null;
    const minima = new Uint32Array(bands * rows);
    this.#hash.sign(shingles, minima);
    const keys = Uint32Array.from({ length: bands }, (_, band) => {
      let key = 0;
      for (let row = 0; row < rows; row++) {
        // One entry a permutation.
        key = mix((Math.imul(key, 31) + (minima[band * rows + row] as number)) | 0);
      }
      return key;
    });
    return { signature: Uint16Array.from(minima), keys };
  }
}

/**
 * Joins every similar pair of documents that share a band's hash. A pair that is connected already needs no comparison, so a bucket
 * of m copies costs m comparisons and not m².
 */
export function joinSimilar(
  bucket: Iterable<number>,
  sets: DisjointSets,
  similar: (a: number, b: number) => boolean,
): void {
  /** Members of the bucket by their cluster. */
  const clusters = new Map<number, number[]>();
  for (const number of bucket) {
    let own = clusters.get(sets.find(number));
    if (own === undefined) clusters.set(sets.find(number), own = []);
    own.push(number);
    for (const [root, members] of clusters) {
      if (members === own || !members.some((member) => similar(member, number))) continue;
      clusters.delete(root);
      clusters.delete(sets.find(number));
      sets.join(root, number);
      own.push(...members);
      clusters.set(sets.find(number), own);
    }
  }
}

/** Documents whose numbers share one pair of arrays; the arrays never grow, so nothing is copied. */
const CHUNK = 4096;

interface Chunk {
  /** Low 16 bits of the minima [CHUNK × permutations]. */
  readonly signatures: Uint16Array;
  /** Hash of each band [CHUNK × bands]. */
  readonly keys: Uint32Array;
}

/** Signatures of documents: 2 bytes a permutation and 4 a band, 320 bytes a document with the default settings. */
export class NearDuplicateIndex {
  readonly #settings: NearDuplicateSettings;
  readonly #signer: BandedSigner;
  readonly #chunks: Chunk[] = [];
  /** Numbers of the documents that have words: others resemble nothing. */
  readonly #indexed: number[] = [];
  #size = 0;

  /** @throws {UsageError} for a setting out of range. */
  constructor(settings: NearDuplicateSettings = NEAR_DUPLICATES) {
    this.#settings = settings;
    this.#signer = new BandedSigner(settings);
  }

  /** Documents added. */
  get size(): number {
    return this.#size;
  }

  /** Adds a document. @returns Its number, counted from 0. */
  add(text: string): number {
    const { bands, rows } = this.#settings;
    const number = this.#size++;
    const place = number % CHUNK;
    if (place === 0) {
      this.#chunks.push({
        signatures: new Uint16Array(CHUNK * bands * rows),
        keys: new Uint32Array(CHUNK * bands),
      });
    }
    const signed = this.#signer.sign(text);
    if (signed === null) return number;
    this.#indexed.push(number);
    const { signatures, keys } = this.#chunk(number);
    signatures.set(signed.signature, place * bands * rows);
    keys.set(signed.keys, place * bands);
    return number;
  }

  /** Clusters of near-duplicates: for each document [size] the smallest number in its cluster. */
  clusters(): Uint32Array<ArrayBuffer> {
    const sets = new DisjointSets(this.#size);
    for (let band = 0; band < this.#settings.bands; band++) {
      for (const bucket of this.#buckets(band)) joinSimilar(bucket, sets, (a, b) => this.#similar(a, b));
    }
    return sets.roots();
  }

  /** The documents that share a band's hash, in groups of at least two. */
  *#buckets(band: number): Generator<Uint32Array> {
    // 64-bit numbers with the hash in the upper half, the document in the lower: sorting brings equal hashes together. (Typed
    // arrays are little-endian wherever Deno runs.)
    const pairs = new Uint32Array(2 * this.#indexed.length);
    this.#indexed.forEach((number, i) => {
      pairs[2 * i] = number;
      pairs[2 * i + 1] = this.#chunk(number).keys[(number % CHUNK) * this.#settings.bands + band] as number;
    });
    new BigUint64Array(pairs.buffer).sort();
    for (let start = 0, end = 2; start < pairs.length; start = end, end += 2) {
      while (end < pairs.length && pairs[end + 1] === pairs[start + 1]) end += 2;
      if (end - start > 2) {
        yield Uint32Array.from({ length: (end - start) / 2 }, (_, i) => pairs[start + 2 * i] as number);
      }
    }
  }

  #similar(a: number, b: number): boolean {
    const permutations = this.#settings.bands * this.#settings.rows;
    const signaturesA = this.#chunk(a).signatures, signaturesB = this.#chunk(b).signatures;
    const startA = (a % CHUNK) * permutations, startB = (b % CHUNK) * permutations;
    return estimateJaccard(permutations, signaturesA, signaturesB, startA, startB) >=
      this.#settings.threshold;
  }

  #chunk(number: number): Chunk {
    // Every number below size has a chunk.
    return this.#chunks[Math.floor(number / CHUNK)] as Chunk;
  }
}

/**
 * The near-duplicates of a stream. Of each cluster the document with the highest score is kept, of several the first to come;
 * without scores, the first to come. Memory: an index entry and an id a document, no text.
 *
 * @param scoreOf The score that decides which document of a cluster is kept.
 *
 * @example
 * ```ts
 * import { findNearDuplicates } from "./near_duplicates.ts";
 * import { documentId } from "../sources/document.ts";
 * import assert from "node:assert/strict";
 * const words = "the quick brown fox jumps over the lazy dog while a small grey cat sleeps under the old green tree";
 * async function* documents() {
 *   for (const text of [words, words + ".", "something else altogether, with other words in it"]) {
 *     yield { id: documentId(text), source: "own", text, licence: "MIT", metadata: {} };
 *   }
 * }
 * const duplicates = await findNearDuplicates(documents());
 * assert.deepEqual(duplicates.map(({ keptId }) => keptId), [documentId(words)]);
 * ```
 */
export async function findNearDuplicates(
  documents: AsyncIterable<Document>,
  settings: NearDuplicateSettings = NEAR_DUPLICATES,
  scoreOf?: (document: Document) => number,
): Promise<Duplicate[]> {
  const index = new NearDuplicateIndex(settings);
  const names: Pick<Document, "id" | "source">[] = [];
  const scores: number[] = [];
  for await (const document of documents) {
    index.add(document.text);
    names.push({ id: document.id, source: document.source });
    if (scoreOf !== undefined) scores.push(scoreOf(document));
  }
  return listDuplicates(names, keptOfCluster(index.clusters(), scores));
}
