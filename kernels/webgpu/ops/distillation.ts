/**
 * Losses of a block of logits beside a teacher, like those of `head.ts`.
 * Notation: z logits, p = softmax(t/τ) for the teacher's t, q = softmax(z/τ).
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bindingsOf, type LogitsShape, type LossBuffers, LOWEST, rowReader, THREADS } from "./head.ts";
import { bytesOf, dispatch, largestFunction, totalFunction } from "./kernel.ts";

/** How a teacher's divergence enters: s · cross-entropy + (1 − s) · τ² · KL. */
export interface Distillation {
  readonly temperature: number;
  readonly direction: "forward" | "reverse";
  readonly crossEntropyShare: number;
}

/**
 * Cross-entropy and the divergence from a teacher with logits t over the whole vocabulary, with gradient:
 * forward KL(p‖q): τ·(q − p); reverse KL(q‖p): τ·q∘(log q − log p − KL).
 *
 * @param teacher Its logits [rows × stride] in f32.
 */
export function distil(
  device: Device,
  label: string,
  shape: LogitsShape,
  buffers: LossBuffers & { teacher: GPUBuffer },
  { temperature, direction, crossEntropyShare }: Distillation,
): Promise<Dispatch> {
  const { element, rows, vocabularySize } = shape;
  const reverse = direction === "reverse";
  const code = `
${rowReader(shape)}
${largestFunction("vec2f", THREADS)}
${totalFunction("vec3f", THREADS)}
const INVERSE = f32(${1 / temperature});
const SHARE = f32(${crossEntropyShare});
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroupIndex(id);
  if (row >= ${rows}u) { return; }
  let begin = row * STRIDE;
  let weight = weights[row];
  if (weight == 0) {
    if (lane == 0) { losses[row] = 0; }
    for (var c = lane; c < VECTORS; c += ${THREADS}) { logits[begin + c] = vec4<${element}>(); }
    return;
  }
  // The largest logits of student and teacher.
  var highest = vec2f(${LOWEST});
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    highest = max(highest, vec2f(
      top(closed(vec4f(logits[begin + c]), c)),
      top(closed(teacher[begin + c], c)),
    ));
  }
  let shifts = largest(highest, lane);
  // Σ e^z, Σ e^(z/τ), Σ e^(t/τ).
  var shares = vec3f();
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    let z = closed(vec4f(logits[begin + c]), c) - shifts.x;
    let t = closed(teacher[begin + c], c) - shifts.y;
    shares += vec3f(sum(exp(z)), sum(exp(z * INVERSE)), sum(exp(t * INVERSE)));
  }
  let sums = total(shares, lane);
  let logSums = log(sums);
  var part = 0f;
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    // Bounded, so that 0·log 0 is 0.
    let logQ = max((closed(vec4f(logits[begin + c]), c) - shifts.x) * INVERSE - logSums.y, vec4f(${LOWEST}));
    let logP = max((closed(teacher[begin + c], c) - shifts.y) * INVERSE - logSums.z, vec4f(${LOWEST}));
    part += ${reverse ? "dot(exp(logQ), logQ - logP)" : "dot(exp(logP), logP - logQ)"};
  }
  let divergence = total(vec3f(part), lane).x;
  let target_ = targets[row];
  if (lane == 0) {
    let hard = shifts.x + logSums.x - f32(logits[begin + target_ / 4][target_ % 4]);
    losses[row] = SHARE * hard + (1 - SHARE) * f32(${temperature ** 2}) * divergence;
  }
  workgroupBarrier();
  storageBarrier();
  let factor = weight * scale[0];
  for (var c = lane; c < VECTORS; c += ${THREADS}) {
    let z = closed(vec4f(logits[begin + c]), c) - shifts.x;
    let logQ = max(z * INVERSE - logSums.y, vec4f(${LOWEST}));
    let logP = max((closed(teacher[begin + c], c) - shifts.y) * INVERSE - logSums.z, vec4f(${LOWEST}));
    let soft = ${reverse ? "exp(logQ) * (logQ - logP - divergence)" : "exp(logQ) - exp(logP)"};
    let hard = exp(z - logSums.x) - isTarget(c, target_);
    logits[begin + c] = vec4<${element}>(
      factor * (SHARE * hard + (1 - SHARE) * f32(${temperature}) * soft));
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      ...bindingsOf(shape, buffers, true),
      { name: "teacher", type: "vec4f", access: "read", buffer: buffers.teacher },
    ],
    workgroups: rows,
    flops: 30 * rows * vocabularySize,
    bytes: rows * vocabularySize * (5 * bytesOf(element) + 16),
  });
}

/**
 * As `distil`, forward, for a teacher that gives its k largest logits: p = softmax over those alone,
 * KL = Σ p·(log p − log q[id]), gradient τ·(q − p).
 *
 * @param buffers teacher [rows × k] in f32, and their vocabulary ids [rows × k], different ones in a row.
 */
export function distilTop(
  device: Device,
  label: string,
  shape: LogitsShape,
  buffers: LossBuffers & { teacher: GPUBufferBinding; ids: GPUBufferBinding },
  { temperature, crossEntropyShare }: Distillation,
  k: number,
): Promise<Dispatch> {
  const { element, rows, vocabularySize, stride } = shape;
  const code = `
const VOCABULARY = ${vocabularySize}u;
const STRIDE = ${stride}u;
const K = ${k}u;
const INVERSE = f32(${1 / temperature});
const SHARE = f32(${crossEntropyShare});
${largestFunction("vec2f", THREADS)}
${totalFunction("vec3f", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroupIndex(id);
  if (row >= ${rows}u) { return; }
  let begin = row * STRIDE;
  let weight = weights[row];
  if (weight == 0) {
    if (lane == 0) { losses[row] = 0; }
    for (var c = lane; c < VOCABULARY; c += ${THREADS}) { logits[begin + c] = 0; }
    return;
  }
  var highest = vec2f(${LOWEST});
  for (var c = lane; c < VOCABULARY; c += ${THREADS}) { highest.x = max(highest.x, f32(logits[begin + c])); }
  for (var j = lane; j < K; j += ${THREADS}) { highest.y = max(highest.y, teacher[row * K + j]); }
  let shifts = largest(highest, lane);
  // Σ e^z, Σ e^(z/τ), Σ e^(t/τ).
  var shares = vec3f();
  for (var c = lane; c < VOCABULARY; c += ${THREADS}) {
    let z = f32(logits[begin + c]) - shifts.x;
    shares += vec3f(exp(z), exp(z * INVERSE), 0);
  }
  for (var j = lane; j < K; j += ${THREADS}) { shares.z += exp((teacher[row * K + j] - shifts.y) * INVERSE); }
  let sums = total(shares, lane);
  let logSums = log(sums);
  var part = 0f;
  for (var j = lane; j < K; j += ${THREADS}) {
    let logP = max((teacher[row * K + j] - shifts.y) * INVERSE - logSums.z, ${LOWEST});
    let logQ = (f32(logits[begin + ids[row * K + j]]) - shifts.x) * INVERSE - logSums.y;
    part += exp(logP) * (logP - logQ);
  }
  let divergence = total(vec3f(part), lane).x;
  let target_ = targets[row];
  if (lane == 0) {
    let hard = shifts.x + logSums.x - f32(logits[begin + target_]);
    losses[row] = SHARE * hard + (1 - SHARE) * f32(${temperature ** 2}) * divergence;
  }
  workgroupBarrier();
  storageBarrier();
  let factor = weight * scale[0];
  for (var c = lane; c < VOCABULARY; c += ${THREADS}) {
    let z = f32(logits[begin + c]) - shifts.x;
    let hard = exp(z - logSums.x) - select(0f, 1f, c == target_);
    let soft = exp(z * INVERSE - logSums.y);
    logits[begin + c] = ${element}(factor * (SHARE * hard + (1 - SHARE) * f32(${temperature}) * soft));
  }
  workgroupBarrier();
  storageBarrier();
  for (var j = lane; j < K; j += ${THREADS}) {
    let chance = exp((teacher[row * K + j] - shifts.y) * INVERSE - logSums.z);
    let at = begin + ids[row * K + j];
    logits[at] = ${element}(f32(logits[at]) - factor * (1 - SHARE) * f32(${temperature}) * chance);
  }
}`;
  const [, ...others] = bindingsOf(shape, buffers, true);
  return dispatch(device, {
    label,
    code,
    bindings: [
      // By single entries, since two lanes may change two entries of one vec4.
      { name: "logits", type: element, access: "read_write", buffer: buffers.logits },
      ...others,
      { name: "teacher", type: "f32", access: "read", buffer: buffers.teacher },
      { name: "ids", type: "u32", access: "read", buffer: buffers.ids },
    ],
    workgroups: rows,
    flops: 12 * rows * vocabularySize,
    bytes: rows * (4 * vocabularySize * bytesOf(element) + 8 * k),
  });
}
