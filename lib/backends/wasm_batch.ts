/**
 * A batch's arrays on their way into the kernels' memory.
 * @module
 */
import type { BatchMemory } from "../../kernels/wasm/memory/batch.ts";
import type { TransformerRuntime } from "../../kernels/wasm/runtime.ts";
import type { BatchShape } from "../../kernels/wasm/shape.ts";
import type { Teacher, TokenBatch } from "./backend.ts";

/** What a forward pass needs of a batch. */
export type Inputs = Pick<TokenBatch, "sequences" | "length" | "tokens" | "documents">;

/** What of a batch decides the layout of the memory. */
export function shapeOf({ sequences, length }: Inputs, training: boolean, teacher?: Teacher): BatchShape {
  if (teacher === undefined) return { sequences, length, training, teacher: "none", teacherWidth: 0 };
  return {
    sequences,
    length,
    training,
    teacher: teacher.ids === undefined ? "full" : "top",
    teacherWidth: teacher.logits.length / (sequences * length),
  };
}

/** Tokens, and the first position of each position's document. */
export function writeInputs(
  runtime: TransformerRuntime,
  memory: BatchMemory,
  { sequences, length, tokens, documents }: Inputs,
) {
  runtime.words(memory.tokens, memory.rows).set(tokens);
  const starts = runtime.words(memory.starts, memory.rows);
  for (let sequence = 0; sequence < sequences; sequence++) {
    let start = 0;
    for (let position = 0; position < length; position++) {
      const row = sequence * length + position;
      if (position > 0 && documents?.[row] !== documents?.[row - 1]) start = position;
      starts[row] = start;
    }
  }
}

/** Targets and their weights in the loss. */
export function writeTargets(
  runtime: TransformerRuntime,
  memory: BatchMemory,
  { targets, weights }: Pick<TokenBatch, "targets" | "weights">,
) {
  runtime.words(memory.targets, memory.rows).set(targets);
  const lossWeights = runtime.floats(memory.lossWeights, memory.rows);
  if (weights === undefined) lossWeights.fill(1);
  else lossWeights.set(weights);
}

/** A teacher's logits, row by row, and their ids. */
export function writeTeacher(runtime: TransformerRuntime, memory: BatchMemory, { logits, ids }: Teacher) {
  const width = logits.length / memory.rows;
  for (let row = 0; row < memory.rows; row++) {
    const place = memory.teacherLogits + row * memory.teacherStride;
    runtime.floats(place, width).set(logits.subarray(row * width, (row + 1) * width));
  }
  if (ids !== undefined) runtime.words(memory.teacherIds, ids.length).set(ids);
}
