/**
 * What every backend asks of a batch before it touches its state.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { ModelConfig } from "../model/config.ts";
import type { TokenBatch } from "./backend.ts";

/**
 * Checks that a batch's arrays fit its shape and its ids the vocabulary.
 *
 * @throws {UsageError} naming the array, its length or the id, and what was expected.
 */
export function checkBatch(
  config: ModelConfig,
  batch: Omit<TokenBatch, "targets"> & Partial<TokenBatch>,
): void {
  const { sequences, length, teacher } = batch;
  if (!Number.isSafeInteger(sequences) || sequences < 1 || !Number.isSafeInteger(length) || length < 1) {
    throw new UsageError(`Batch: its shape is ${sequences} × ${length}, expected whole numbers above 0.`);
  }
  const positions = sequences * length;
  for (const name of ["tokens", "targets", "weights", "documents"] as const) {
    const array = batch[name];
    if (array !== undefined && array.length !== positions) {
      throw new UsageError(
        `Batch: ${name} has ${array.length} entries, expected ${sequences} × ${length} = ${positions}.`,
      );
    }
  }
  if (batch.normaliser !== undefined && !(batch.normaliser > 0 && batch.normaliser < Infinity)) {
    throw new UsageError(`Batch: its normaliser is ${batch.normaliser}, expected a number above 0.`);
  }
  for (const name of ["tokens", "targets"] as const) checkIds(name, batch[name], config.vocabularySize);
  if (teacher === undefined) return;
  const entries = teacher.ids === undefined ? positions * config.vocabularySize : teacher.ids.length;
  if (entries === 0 || entries % positions !== 0 || teacher.logits.length !== entries) {
    throw new UsageError(
      `Batch: the teacher has ${teacher.logits.length} logits${
        teacher.ids === undefined ? "" : ` and ${teacher.ids.length} ids`
      }, expected the same number for each of ${positions} positions.`,
    );
  }
  checkIds("teacher.ids", teacher.ids, config.vocabularySize);
  if (teacher.ids !== undefined && teacher.direction === "reverse") {
    throw new UsageError(
      'Batch: teacher.direction is "reverse", which needs the teacher\'s full logits, not ids.',
    );
  }
  if (!(teacher.temperature > 0 && teacher.temperature < Infinity)) {
    throw new UsageError(`Batch: teacher.temperature is ${teacher.temperature}, expected a number above 0.`);
  }
  if (!(teacher.crossEntropyShare >= 0 && teacher.crossEntropyShare <= 1)) {
    throw new UsageError(
      `Batch: teacher.crossEntropyShare is ${teacher.crossEntropyShare}, expected a number in 0 … 1.`,
    );
  }
}

function checkIds(name: string, ids: Uint32Array | undefined, vocabularySize: number) {
  const at = ids?.findIndex((id) => id >= vocabularySize) ?? -1;
  if (at >= 0) {
    throw new UsageError(
      `Batch: ${name}[${at}] is ${ids?.[at]}, outside the vocabulary of ${vocabularySize} tokens.`,
    );
  }
}

/** Σ of values in 64 bits, in order. */
export function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** What a batch adds to the denominator of a step's loss: its normaliser, else Σ weight; without weights each counts 1. */
export function totalWeight({ weights, targets, normaliser }: TokenBatch): number {
  return normaliser ?? (weights === undefined ? targets.length : sum(weights));
}

/** Number of targets with a weight other than zero. */
export function countTargets({ weights, targets }: TokenBatch): number {
  return weights === undefined
    ? targets.length
    : weights.reduce((count, weight) => count + (weight !== 0 ? 1 : 0), 0);
}
