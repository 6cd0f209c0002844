/**
 * Semantic duplicates: documents whose embeddings point the same way (SemDeDup: Abbas et al., 2023; here every pair is compared).
 *
 * For some ten thousand documents, as survive the earlier steps of sampling: time grows with the square of their number.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Document } from "../sources/document.ts";
import { DisjointSets, type Duplicate, keptOfCluster, listDuplicates } from "./clusters.ts";
import type { Embedding } from "./embedding.ts";

/** Rows compared with each other before the next are fetched: two blocks are 0.5 MiB at 256 dimensions. */
const BLOCK = 256;

/** Share of the dimensions multiplied before a pair may be given up. */
const HEAD_SHARE = 1 / 4;

/** Texts embedded at once. */
const EMBEDDED_AT_ONCE = 64;

/**
 * Clusters of vectors: the connected components of all pairs whose cosine reaches the threshold. Every pair is compared; one whose
 * first quarter shows, by Cauchy and Schwarz (a·b ≤ head + ‖tail a‖·‖tail b‖), that it cannot reach the threshold costs a quarter.
 *
 * @param vectors [rows × dimensions], each of norm 1, or 0, which resembles nothing.
 * @returns For each row the smallest row of its cluster [rows].
 * @throws {UsageError} for a threshold outside (0, 1].
 */
export function cosineClusters(
  vectors: Float32Array,
  dimensions: number,
  threshold: number,
): Uint32Array<ArrayBuffer> {
  if (!(threshold > 0 && threshold <= 1)) {
    throw new UsageError(`The cosine threshold is ${threshold}, expected a number above 0 and up to 1.`);
  }
  const rows = vectors.length / dimensions;
  // Rounding must not part equal vectors.
  const least = threshold - 1e-6;
  const head = Math.max(1, Math.round(dimensions * HEAD_SHARE));
  const tails = Float64Array.from({ length: rows }, (_, row) => {
    const tail = row * dimensions + head;
    return Math.sqrt(product(vectors, tail, tail, dimensions - head));
  });
  const sets = new DisjointSets(rows);
  for (let top = 0; top < rows; top += BLOCK) {
    for (let left = top; left < rows; left += BLOCK) {
      for (let a = top; a < Math.min(rows, top + BLOCK); a++) {
        // One entry a row.
        const tailA = tails[a] as number;
        for (let b = Math.max(left, a + 1); b < Math.min(rows, left + BLOCK); b++) {
          const first = product(vectors, a * dimensions, b * dimensions, head);
          if (first + tailA * (tails[b] as number) < least) continue;
          const rest = product(vectors, a * dimensions + head, b * dimensions + head, dimensions - head);
          if (first + rest >= least) sets.join(a, b);
        }
      }
    }
  }
  return sets.roots();
}

/** Σ values[a + i] · values[b + i] over `length` entries; four sums at a time keep the processor's pipeline full. */
function product(values: Float32Array, a: number, b: number, length: number): number {
  let sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
  let i = 0;
  // All indices are in range.
  for (; i + 3 < length; i += 4) {
    sum0 += (values[a + i] as number) * (values[b + i] as number);
    sum1 += (values[a + i + 1] as number) * (values[b + i + 1] as number);
    sum2 += (values[a + i + 2] as number) * (values[b + i + 2] as number);
    sum3 += (values[a + i + 3] as number) * (values[b + i + 3] as number);
  }
  for (; i < length; i++) sum0 += (values[a + i] as number) * (values[b + i] as number);
  return sum0 + sum1 + sum2 + sum3;
}

/**
 * The semantic duplicates of a stream. Of each cluster the document with the highest score is kept, of several, or without scores,
 * the first to come. Memory: a vector and an id a document, no text.
 *
 * @param threshold Least cosine of a pair: 0.9 finds rewritings with mostly the same words.
 * @throws {UsageError} for a threshold outside (0, 1].
 */
export async function findSemanticDuplicates(
  documents: AsyncIterable<Document>,
  embedding: Embedding,
  threshold: number,
  scoreOf?: (document: Document) => number,
): Promise<Duplicate[]> {
  const names: Pick<Document, "id" | "source">[] = [];
  const scores: number[] = [];
  const blocks: Float32Array[] = [];
  let texts: string[] = [];
  const flush = async () => {
    if (texts.length > 0) blocks.push(await embedding.embed(texts));
    texts = [];
  };
  for await (const document of documents) {
    names.push({ id: document.id, source: document.source });
    if (scoreOf !== undefined) scores.push(scoreOf(document));
    if (texts.push(document.text) === EMBEDDED_AT_ONCE) await flush();
  }
  await flush();
  const vectors = new Float32Array(names.length * embedding.dimensions);
  blocks.reduce((end, block) => {
    vectors.set(block, end);
    return end + block.length;
  }, 0);
  const roots = cosineClusters(vectors, embedding.dimensions, threshold);
  return listDuplicates(names, keptOfCluster(roots, scores));
}
