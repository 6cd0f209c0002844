/**
 * Gradient accumulation: a batch in parts that fit a device, whose gradients a backend adds up before one update.
 * @module
 */
import type { Teacher, TokenBatch } from "../backends/backend.ts";

/**
 * A batch in parts of at most so many sequences, in order; views of its arrays. Their update is the batch's but for rounding.
 *
 * @param most Sequences of a part; null: all, one part.
 *
 * @example
 * ```ts
 * import { microBatches } from "./micro_batches.ts";
 * import assert from "node:assert/strict";
 * const tokens = Uint32Array.of(1, 2, 3, 4, 5, 6);
 * const parts = microBatches({ sequences: 3, length: 2, tokens, targets: tokens }, 2);
 * assert.deepEqual(parts.map(({ tokens }) => [...tokens]), [[1, 2, 3, 4], [5, 6]]);
 * ```
 */
export function microBatches(batch: TokenBatch, most: number | null): TokenBatch[] {
  const { sequences, length } = batch;
  if (most === null || sequences <= most) return [batch];
  return Array.from({ length: Math.ceil(sequences / most) }, (_, part) => {
    const first = part * most;
    const count = Math.min(most, sequences - first);
    const [start, end] = [first * length, (first + count) * length];
    const { weights, documents, teacher, normaliser } = batch;
    return {
      sequences: count,
      length,
      tokens: batch.tokens.subarray(start, end),
      targets: batch.targets.subarray(start, end),
      ...(weights && { weights: weights.subarray(start, end) }),
      ...(documents && { documents: documents.subarray(start, end) }),
      ...(teacher && { teacher: teacherRows(teacher, start, end, sequences * length) }),
      ...(normaliser !== undefined && { normaliser: normaliser * count / sequences }),
    };
  });
}

/** What a teacher says about positions start … end of `rows`. */
function teacherRows(teacher: Teacher, start: number, end: number, rows: number): Teacher {
  const entries = teacher.logits.length / rows;
  return {
    ...teacher,
    logits: teacher.logits.subarray(start * entries, end * entries),
    ...(teacher.ids && { ids: teacher.ids.subarray(start * entries, end * entries) }),
  };
}
