/**
 * Documents as sequences whose gradients are wanted one by one.
 * @module
 */
import type { TokenBatch } from "../backends/backend.ts";
import { UsageError } from "../core/errors.ts";

/** Batches in the order of the documents, and what their losses are means over. */
export interface DocumentBatches {
  readonly batches: readonly TokenBatch[];
  /** s: targets of each document. */
  readonly tokens: readonly number[];
}

/**
 * One sequence for each document: its first `length` + 1 tokens; what goes beyond is left out. A batch is as long as its longest
 * sequence, rounded up to a multiple of 64 but not beyond `length`; sequences are filled up behind their end with targets of
 * weight 0, which change nothing before them.
 *
 * @param documents Token ids of each.
 * @param sequences Sequences of a batch; the last batch may have fewer. Several for each worker keep all of them busy.
 * @throws {UsageError} where a document has no token that follows another, naming its number.
 *
 * @example
 * ```ts
 * import { documentBatches } from "./documents.ts";
 * import assert from "node:assert/strict";
 * const { batches, tokens } = documentBatches([Uint32Array.of(5, 6, 7, 8), Uint32Array.of(3, 4)], 2, 8);
 * assert.deepEqual(batches[0]?.tokens, Uint32Array.of(5, 6, 3, 0));
 * assert.deepEqual(batches[0]?.targets, Uint32Array.of(6, 7, 4, 0));
 * assert.deepEqual(batches[0]?.weights, Float32Array.of(1, 1, 1, 0));
 * assert.deepEqual(tokens, [2, 1]);
 * ```
 */
export function documentBatches(
  documents: readonly Uint32Array[],
  length: number,
  sequences: number,
): DocumentBatches {
  const tokens = documents.map((document, i) => {
    if (document.length < 2) {
      throw new UsageError(`Influence: document ${i} has ${document.length} tokens, expected at least 2.`);
    }
    return Math.min(document.length - 1, length);
  });
  const batches: TokenBatch[] = [];
  for (let first = 0; first < documents.length; first += sequences) {
    batches.push(
      batchOf(documents.slice(first, first + sequences), tokens.slice(first, first + sequences), length),
    );
  }
  return { batches, tokens };
}

/** Lengths are rounded up to a multiple of this: a backend plans anew for every shape, and a GPU's compiler takes seconds. */
const LENGTH_STEP = 64;

function batchOf(documents: readonly Uint32Array[], counts: readonly number[], limit: number): TokenBatch {
  const length = Math.min(limit, Math.ceil(Math.max(...counts) / LENGTH_STEP) * LENGTH_STEP);
  const positions = documents.length * length;
  const batch = {
    sequences: documents.length,
    length,
    tokens: new Uint32Array(positions),
    targets: new Uint32Array(positions),
    weights: new Float32Array(positions),
  };
  documents.forEach((document, row) => {
    const [from, count] = [row * length, counts[row] as number]; // One count a document.
    batch.tokens.set(document.subarray(0, count), from);
    batch.targets.set(document.subarray(1, count + 1), from);
    batch.weights.fill(1, from, from + count);
  });
  return batch;
}
