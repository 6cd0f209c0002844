/**
 * Windows: a source's tokens cut into sequences. Window w holds `length` inputs from token w · length and, one further on,
 * their targets, so the last target of a window is the first input of the next.
 * @module
 */
import type { Batch } from "./batch.ts";
import type { Shards } from "./reader.ts";

/** Number of windows of a source. */
export function windowsOf(shards: Shards, length: number): number {
  return Math.max(0, Math.floor((shards.tokens - 1) / length));
}

/** A batch of zeros. */
export function newBatch(sequences: number, length: number): Batch {
  const size = sequences * length;
  return {
    sequences,
    length,
    tokens: new Uint32Array(size),
    targets: new Uint32Array(size),
    documents: new Uint32Array(size),
  };
}

/** Reads a window into a row of the batch. */
export function fillRow(batch: Batch, row: number, shards: Shards, window: number): void {
  const { length } = batch;
  const start = window * length;
  const tokens = shards.read(start, length + 1);
  batch.tokens.set(tokens.subarray(0, length), row * length);
  batch.targets.set(tokens.subarray(1), row * length);
  batch.documents.set(shards.documentsOf(start, length), row * length);
}
