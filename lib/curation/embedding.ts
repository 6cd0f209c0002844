/**
 * Texts as vectors whose cosine says how much they have in common: the cheap default for semantic deduplication.
 *
 * Term frequency times inverse document frequency over hashed words, projected onto 256 dimensions by random signs, which keeps
 * cosines within about ±1/√256 (Achlioptas, 2003). Words in another order give the same vector; other words for the same thing do
 * not: a model's hidden states see more.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { hashWords } from "./words.ts";

/** Gives each text a vector: [texts × dimensions], each of norm 1, or all 0 where a text has nothing to go by. */
export interface Embedding {
  /** What made the vectors. */
  readonly name: string;
  readonly dimensions: number;
  embed(texts: readonly string[]): Promise<Float32Array>;
}

/** Words share a bucket by their hash's low bits. */
const BUCKETS = 1 << 16;

/** Entries of a vector; a multiple of 32. */
const DIMENSIONS = 256;

/** Random signs of every bucket, 32 in a number [BUCKETS × DIMENSIONS/32]. */
function signsOf(seed: number): Uint32Array {
  const random = Random.of(seed, "embedding");
  return Uint32Array.from({ length: BUCKETS * DIMENSIONS / 32 }, (_, i) => random.uint32(i));
}

/** How often each bucket occurs in a text. */
function countBuckets(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of hashWords(text)) {
    const bucket = word % BUCKETS;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return counts;
}

/** Divides a vector by its norm; a vector of zeros stays. */
export function normalise(vector: Float32Array): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return;
  const scale = 1 / Math.sqrt(sum);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) * scale; // in range
}

/**
 * Learns how rare each word is, and gives the embedding: (1 + ln tf) · (1 + ln((1 + N)/(1 + df))) per word.
 *
 * @param texts Texts of the corpus; each is looked at once.
 * @param seed Of the projection.
 * @throws {UsageError} where there are no texts.
 *
 * @example
 * ```ts
 * import { fitHashedEmbedding } from "./embedding.ts";
 * import assert from "node:assert/strict";
 * const embedding = await fitHashedEmbedding(["a prime number", "a whale at sea"], 1);
 * const vectors = await embedding.embed(["a prime number", "a number: prime"]);
 * assert.deepEqual(vectors.subarray(0, 256), vectors.subarray(256));
 * ```
 */
export async function fitHashedEmbedding(
  texts: AsyncIterable<string> | Iterable<string>,
  seed: number,
): Promise<Embedding> {
  const frequencies = new Uint32Array(BUCKETS);
  let documents = 0;
  for await (const text of texts) {
    documents++;
    // Buckets are below BUCKETS.
    for (const bucket of countBuckets(text).keys()) frequencies[bucket] = (frequencies[bucket] as number) + 1;
  }
  if (documents === 0) throw new UsageError("The corpus is empty, expected at least one text to embed.");
  const rarity = Float64Array.from(frequencies, (df) => 1 + Math.log((1 + documents) / (1 + df)));
  const signs = signsOf(seed);
  return {
    name: `hashed-tf-idf-${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    embed(batch) {
      const vectors = new Float32Array(batch.length * DIMENSIONS);
      batch.forEach((text, row) => {
        const vector = vectors.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
        const counts = [...countBuckets(text)].sort(([a], [b]) => a - b);
        for (const [bucket, count] of counts) {
          const weight = (1 + Math.log(count)) * (rarity[bucket] as number);
          addSigned(vector, weight, signs, bucket * DIMENSIONS / 32);
        }
        normalise(vector);
      });
      return Promise.resolve(vectors);
    },
  };
}

/** Adds ±weight to every entry, + where the bit is set. */
function addSigned(vector: Float32Array, weight: number, signs: Uint32Array, start: number): void {
  for (let i = 0; i < vector.length; i++) {
    // In range: there is a bit for every entry.
    const bit = ((signs[start + (i >> 5)] as number) >>> (i & 31)) & 1;
    vector[i] = (vector[i] as number) + (2 * bit - 1) * weight;
  }
}
