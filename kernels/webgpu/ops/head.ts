/**
 * The loss of a block of rows of logits, and its gradient in the logits' place.
 *
 * The head runs over blocks of rows, not over chunks of the vocabulary: a block's logits exist once, in the
 * storage type, and need no second product for the gradient. A workgroup takes a row.
 * A row's gradient is multiplied by its weight and by the loss scale. A row of weight 0 has loss 0 and gradient 0.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { type Binding, bytesOf, dispatch, type Element, largestFunction, totalFunction } from "./kernel.ts";

/** A block of logits. */
export interface LogitsShape {
  readonly element: Element;
  readonly rows: number;
  /** V. */
  readonly vocabularySize: number;
  /** Elements from one row to the next, a multiple of 4; what lies beyond V is not read. */
  readonly stride: number;
}

/** What every loss reads and writes, rows of the block each; `scale` [1] holds the loss scale. */
export interface LossBuffers {
  readonly logits: GPUBuffer;
  readonly targets: GPUBufferBinding;
  readonly weights: GPUBufferBinding;
  /** Unweighted loss of each row. */
  readonly losses: GPUBufferBinding;
  readonly scale: GPUBuffer;
}

/** Threads of a row. */
export const THREADS = 256;

/** Stands for −∞, which WGSL's arithmetic may assume away. */
export const LOWEST = "-1e30f";

/** Bindings of every loss. */
export function bindingsOf({ element }: LogitsShape, buffers: LossBuffers, gradient: boolean): Binding[] {
  return [
    {
      name: "logits",
      type: `vec4<${element}>`,
      access: gradient ? "read_write" : "read",
      buffer: buffers.logits,
    },
    { name: "targets", type: "u32", access: "read", buffer: buffers.targets },
    { name: "weights", type: "f32", access: "read", buffer: buffers.weights },
    { name: "losses", type: "f32", access: "read_write", buffer: buffers.losses },
    ...(gradient ? [{ name: "scale", type: "f32", access: "read", buffer: buffers.scale } as const] : []),
  ];
}

/** Reading the row of logits (and of others like it) with −∞ after its end. */
export function rowReader({ vocabularySize, stride }: LogitsShape): string {
  const left = vocabularySize % 4;
  return `
const VECTORS = ${Math.ceil(vocabularySize / 4)}u;
const STRIDE = ${stride / 4}u;
fn closed(values: vec4f, c: u32) -> vec4f {
  ${
    left === 0 ? "" : `if (c == VECTORS - 1) {
    return select(vec4f(${LOWEST}), values, vec4<bool>(${[0, 1, 2, 3].map((i) => i < left)}));
  }`
  }
  return values;
}
fn top(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn sum(v: vec4f) -> f32 { return v.x + v.y + v.z + v.w; }
fn isTarget(c: u32, target_: u32) -> vec4f {
  return select(vec4f(), vec4f(1), vec4u(4 * c, 4 * c + 1, 4 * c + 2, 4 * c + 3) == vec4u(target_));
}`;
}

/**
 * losses = −log softmax(z)[target]; with `gradient`, z ← weight · scale · (softmax(z) − onehot(target)).
 */
export function crossEntropy(
  device: Device,
  label: string,
  shape: LogitsShape,
  buffers: LossBuffers,
  gradient: boolean,
): Promise<Dispatch> {
  const { element, rows, vocabularySize } = shape;
  const code = `
${rowReader(shape)}
${largestFunction("f32", THREADS)}
${totalFunction("f32", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroupIndex(id);
  if (row >= ${rows}u) { return; }
  let begin = row * STRIDE;
  let weight = weights[row];
  if (weight == 0) {
    if (lane == 0) { losses[row] = 0; }
    ${
    gradient
      ? `for (var c = lane; c < VECTORS; c += ${THREADS}) { logits[begin + c] = vec4<${element}>(); }`
      : ""
  }
    return;
  }
  // Online softmax of each lane's share: its largest logit, and the sum of exponentials relative to it.
  var highest = ${LOWEST};
  var share = 0f;
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    let z = closed(vec4f(logits[begin + c]), c);
    let next = top(z);
    if (next > highest) {
      share *= exp(highest - next);
      highest = next;
    }
    share += sum(exp(z - highest));
  }
  let shift = largest(highest, lane);
  let logSum = shift + log(total(share * exp(highest - shift), lane));
  let target_ = targets[row];
  if (lane == 0) { losses[row] = logSum - f32(logits[begin + target_ / 4][target_ % 4]); }
  ${
    gradient
      ? `workgroupBarrier();
  storageBarrier();
  let factor = weight * scale[0];
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    let chances = exp(closed(vec4f(logits[begin + c]), c) - logSum);
    logits[begin + c] = vec4<${element}>(factor * (chances - isTarget(c, target_)));
  }`
      : ""
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: bindingsOf(shape, buffers, gradient),
    workgroups: rows,
    flops: (gradient ? 8 : 4) * rows * vocabularySize,
    bytes: (gradient ? 3 : 1) * rows * vocabularySize * bytesOf(element),
  });
}
