/**
 * The largest entries of each row.
 * @module
 */
import { UsageError } from "../../core/errors.ts";

/** The k largest entries of rows of V, largest first; of equal ones the lower id is the larger. */
export interface TopK {
  /** [rows × k]. */
  readonly logits: Float32Array<ArrayBuffer>;
  /** Their columns [rows × k]. */
  readonly ids: Uint32Array<ArrayBuffer>;
}

/**
 * The k largest of each row: one pass that keeps a sorted list, which random data enter k·ln(V/k) times.
 *
 * @param values [rows × V].
 * @throws {UsageError} where k is no whole number in 1 … V.
 *
 * @example
 * ```ts
 * import { topK } from "./top_k.ts";
 * import assert from "node:assert/strict";
 * const { logits, ids } = topK(Float32Array.of(1, 5, 3, 0, -1, 0), 3, 2);
 * assert.deepEqual([...logits], [5, 3, 0, 0]);
 * assert.deepEqual([...ids], [1, 2, 0, 2]);
 * ```
 */
export function topK(values: Float32Array, vocabularySize: number, k: number): TopK {
  if (!Number.isSafeInteger(k) || k < 1 || k > vocabularySize) {
    throw new UsageError(`topK is ${k}, expected a whole number in 1 … ${vocabularySize}.`);
  }
  const rows = values.length / vocabularySize;
  const logits = new Float32Array(rows * k), ids = new Uint32Array(rows * k);
  for (let row = 0; row < rows; row++) {
    const first = row * k;
    let count = 0;
    for (let id = 0; id < vocabularySize; id++) {
      const value = values[row * vocabularySize + id] as number;
      if (count === k && !(value > (logits[first + k - 1] as number))) continue;
      let place = first + (count < k ? count++ : k - 1);
      for (; place > first && (logits[place - 1] as number) < value; place--) {
        logits[place] = logits[place - 1] as number;
        ids[place] = ids[place - 1] as number;
      }
      logits[place] = value;
      ids[place] = id;
    }
  }
  return { logits, ids };
}
