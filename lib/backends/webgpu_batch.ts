/**
 * A batch's arrays on their way to the device.
 * @module
 */
import type { Device } from "../../kernels/webgpu/device/device.ts";
import { tokenRuns } from "../../kernels/webgpu/ops/embedding.ts";
import type { Activations, BatchShape } from "../../kernels/webgpu/plan/transformer_activations.ts";
import type { Teacher, TokenBatch } from "./backend.ts";

/** What a forward pass needs of a batch. */
export type Inputs = Pick<TokenBatch, "sequences" | "length" | "tokens" | "documents" | "teacher">;

/**
 * What of a batch decides the plan.
 *
 * @param training null for a forward pass alone, which has no use for a teacher.
 */
export function shapeOf(
  { sequences, length, teacher }: Inputs,
  training: { readonly recompute: boolean } | null,
): BatchShape {
  if (training === null) return { sequences, length, training: false, teacher: null, recompute: false };
  return {
    sequences,
    length,
    training: true,
    teacher: teacher === undefined ? null : {
      temperature: teacher.temperature,
      direction: teacher.direction,
      crossEntropyShare: teacher.crossEntropyShare,
      top: teacher.ids === undefined ? null : teacher.ids.length / (sequences * length),
    },
    recompute: training.recompute,
  };
}

/** Tokens, and the first position of each position's document. */
export function writeInputs(
  device: Device,
  activations: Activations,
  { sequences, length, tokens, documents }: Inputs,
): void {
  device.write(activations.tokens, tokens);
  const starts = new Uint32Array(tokens.length);
  for (let sequence = 0; sequence < sequences; sequence++) {
    let start = 0;
    for (let position = 0; position < length; position++) {
      const row = sequence * length + position;
      if (position > 0 && documents?.[row] !== documents?.[row - 1]) start = position;
      starts[row] = start;
    }
  }
  device.write(activations.starts, starts);
}

/** Targets and their weights in the loss. */
export function writeTargets(
  device: Device,
  activations: Activations,
  { targets, weights }: Pick<TokenBatch, "targets" | "weights">,
): void {
  device.write(activations.targets, targets);
  device.write(activations.weights, weights ?? new Float32Array(targets.length).fill(1));
}

/** Where each token stands, for the embedding's gradient. */
export function writeTokenRuns(
  device: Device,
  activations: Activations,
  { tokens }: Pick<TokenBatch, "tokens">,
  vocabularySize: number,
): void {
  device.write(activations.runs, tokenRuns(tokens, vocabularySize));
}

/** A teacher's logits and their ids: the top k of all rows, or whole rows block by block, as the head takes them. */
export function writeTeacher(
  device: Device,
  activations: Activations,
  { logits, ids }: Teacher,
  vocabularySize: number,
): void {
  const { teacherLogits, teacherIds, logitStride } = activations;
  const [first] = teacherLogits;
  if (ids !== undefined && teacherIds !== null && first !== undefined) {
    device.write(first, logits);
    device.write(teacherIds, ids);
    return;
  }
  for (const [i, block] of activations.blocks().entries()) {
    const padded = new Float32Array(block.count * logitStride);
    for (let row = 0; row < block.count; row++) {
      const from = (block.first + row) * vocabularySize;
      padded.set(logits.subarray(from, from + vocabularySize), row * logitStride);
    }
    // There is a buffer for each block.
    device.write(teacherLogits[i] as GPUBuffer, padded);
  }
}
