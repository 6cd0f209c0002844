/**
 * Probing: fixed held-out sequences, and the loss that a model of word frequencies alone would have on them.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Batch } from "./batch.ts";
import type { Shards } from "./reader.ts";
import { fillRow, newBatch, windowsOf } from "./window.ts";

/** How much of a held-out set is scored. */
export interface ProbeOptions {
  /** Tokens of a sequence. */
  readonly length: number;
  /** Targets at most; at least one sequence is taken. */
  readonly maxTokens: number;
  readonly sequencesPerBatch: number;
}

/**
 * The first windows of a held-out set, in order, as batches; the last batch may have fewer sequences.
 *
 * @throws {UsageError} where the set is shorter than one sequence.
 */
export function probeBatches(
  shards: Shards,
  { length, maxTokens, sequencesPerBatch }: ProbeOptions,
): Batch[] {
  const available = windowsOf(shards, length);
  if (available === 0) {
    throw new UsageError(
      `Held-out source "${shards.source}" has ${shards.tokens} tokens, expected at least ${length + 1}.`,
    );
  }
  const windows = Math.min(available, Math.max(1, Math.floor(maxTokens / length)));
  const batches: Batch[] = [];
  for (let first = 0; first < windows; first += sequencesPerBatch) {
    const batch = newBatch(Math.min(sequencesPerBatch, windows - first), length);
    for (let row = 0; row < batch.sequences; row++) fillRow(batch, row, shards, first + row);
    batches.push(batch);
  }
  return batches;
}

/**
 * How often each token is a target, weights counted.
 *
 * @returns Counts [vocabularySize].
 */
export function countTargets(batches: Iterable<Batch>, vocabularySize: number): Float64Array {
  const counts = new Float64Array(vocabularySize);
  for (const { targets, weights } of batches) {
    targets.forEach((target, i) => counts[target] = (counts[target] ?? 0) + (weights?.[i] ?? 1));
  }
  return counts;
}

/**
 * Mean negative log-likelihood per target, in nats, of the unigram model with add-one smoothing,
 * p(v) = (count(v) + 1) / (Σ count + V): what a language model has to beat.
 *
 * @param trainingCounts Counts of the training tokens [V], from `countTargets`.
 * @param probe Batches whose targets lie in 0 … V − 1.
 *
 * @example
 * ```ts
 * import { unigramNegativeLogLikelihood } from "./probe.ts";
 * import assert from "node:assert/strict";
 * const ids = (...values: number[]) => Uint32Array.from(values);
 * const probe = { sequences: 1, length: 2, tokens: ids(0, 1), targets: ids(1, 0), documents: ids(0, 0) };
 * assert.equal(unigramNegativeLogLikelihood([1, 1], [probe]), Math.log(2));
 * ```
 */
export function unigramNegativeLogLikelihood(
  trainingCounts: ArrayLike<number>,
  probe: readonly Batch[],
): number {
  const size = trainingCounts.length;
  let total = size;
  for (let id = 0; id < size; id++) total += trainingCounts[id] ?? 0;
  let sum = 0, weight = 0;
  countTargets(probe, size).forEach((count, id) => {
    sum -= count * Math.log(((trainingCounts[id] ?? 0) + 1) / total);
    weight += count;
  });
  return sum / weight;
}
