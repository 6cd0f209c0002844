/**
 * The update: the gradient's global norm, whether it is finite, clipping and AdamW (Loshchilov and Hutter, 2019), over
 * flat f32 buffers. The host writes a step's settings into one small buffer and reads one small report.
 *
 * The gradient in memory is the true one times lossScale · Σ weight; `gradientFactor` undoes both.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { dispatch, totalFunction } from "./kernel.ts";

/** Places in the settings buffer (f32). */
export const SETTINGS = {
  lossScale: 0,
  /** What makes the gradient in memory the true one. */
  gradientFactor: 1,
  /** The gradient is scaled down to this 2-norm. */
  maxGradientNorm: 2,
  /** η / (1 − β₁ᵗ). */
  rate: 3,
  beta1: 4,
  beta2: 5,
  epsilon: 6,
  /** √(1 − β₂ᵗ). */
  correction: 7,
  /** 1 − η·λ of each kind of parameters that decays, otherwise 1: four entries, in the order of the layout. */
  keep: 8,
} as const;

/** Entries of the settings buffer. */
export const SETTINGS_LENGTH = 12;

/** Places in the report buffer (f32). */
export const REPORT = {
  /** Σ weight · loss. */
  loss: 0,
  /** 2-norm of the true gradient. */
  gradientNorm: 1,
  /** What AdamW multiplies the gradient in memory by. */
  factor: 2,
  /** 1 where loss and norm are finite and the update takes place, else 0. */
  finite: 3,
} as const;

/** Entries of the report buffer. */
export const REPORT_LENGTH = 4;

const THREADS = 256;

/** Parts that `squares` leaves. */
export const SQUARES = 1024;

/** parts [1024] = sums of (gradientFactor · g)² over strided shares of `count` gradients, a multiple of 4. */
export function squares(
  device: Device,
  label: string,
  count: number,
  buffers: { gradient: GPUBuffer; settings: GPUBuffer; parts: GPUBufferBinding },
): Promise<Dispatch> {
  const code = `
${totalFunction("f32", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let factor = settings[${SETTINGS.gradientFactor}];
  var share = 0f;
  for (var i = id.x * ${THREADS} + lane; i < ${count / 4}u; i += ${SQUARES * THREADS}) {
    let g = gradient[i] * factor;
    share += dot(g, g);
  }
  let sum = total(share, lane);
  if (lane == 0) { parts[id.x] = sum; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "gradient", type: "vec4f", access: "read", buffer: buffers.gradient },
      { name: "settings", type: "f32", access: "read", buffer: buffers.settings },
      { name: "parts", type: "f32", access: "read_write", buffer: buffers.parts },
    ],
    workgroups: SQUARES,
    flops: 3 * count,
    bytes: 4 * count,
  });
}

/**
 * Completes the report: norm = √Σ parts, factor = gradientFactor · min(1, maximum / (norm + 1e-6)) as torch's
 * `clip_grad_norm_`.
 */
export function finishReport(
  device: Device,
  label: string,
  parts: number,
  buffers: { parts: GPUBuffer; settings: GPUBuffer; report: GPUBuffer },
): Promise<Dispatch> {
  const code = `
${totalFunction("f32", THREADS)}
// By the bits: arithmetic may assume that values are finite.
fn isFinite(value: f32) -> bool { return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u; }
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) lane: u32) {
  var share = 0f;
  for (var i = lane; i < ${parts}u; i += ${THREADS}) { share += parts[i]; }
  let sum = total(share, lane);
  if (lane != 0) { return; }
  let finite = isFinite(sum) && isFinite(report[${REPORT.loss}]);
  let norm = sqrt(sum);
  report[${REPORT.gradientNorm}] = select(sum, norm, isFinite(sum));
  report[${REPORT.factor}] =
    settings[${SETTINGS.gradientFactor}] * min(1, settings[${SETTINGS.maxGradientNorm}] / (norm + 1e-6));
  report[${REPORT.finite}] = select(0f, 1f, finite);
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "parts", type: "f32", access: "read", buffer: buffers.parts },
      { name: "settings", type: "f32", access: "read", buffer: buffers.settings },
      { name: "report", type: "f32", access: "read_write", buffer: buffers.report },
    ],
    workgroups: 1,
    flops: parts,
    bytes: 4 * parts,
  });
}

/**
 * One AdamW update of `count` parameters of one kind, a multiple of 4, where the report says that all is finite:
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← keep·w − rate · m / (√v/correction + ε).
 *
 * @param kind Index of the kind's `keep`.
 * @param buffers `working`: the f16 copy that the products read; absent on the f32 tier.
 */
export function adamw(
  device: Device,
  label: string,
  count: number,
  kind: number,
  buffers: {
    weights: GPUBufferBinding;
    firstMoment: GPUBufferBinding;
    secondMoment: GPUBufferBinding;
    gradient: GPUBufferBinding;
    settings: GPUBuffer;
    report: GPUBuffer;
    working?: GPUBufferBinding;
  },
): Promise<Dispatch> {
  const { working } = buffers;
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= ${count / 4}u || report[${REPORT.finite}] == 0) { return; }
  let beta1 = settings[${SETTINGS.beta1}];
  let beta2 = settings[${SETTINGS.beta2}];
  let g = report[${REPORT.factor}] * gradient[i];
  let m = beta1 * firstMoment[i] + (1 - beta1) * g;
  let v = beta2 * secondMoment[i] + (1 - beta2) * g * g;
  let w = settings[${SETTINGS.keep + kind}] * weights[i]
    - settings[${SETTINGS.rate}] * m / (sqrt(v) / settings[${SETTINGS.correction}] + settings[${SETTINGS.epsilon}]);
  firstMoment[i] = m;
  secondMoment[i] = v;
  weights[i] = w;
  ${working ? "working[i] = vec4<f16>(w);" : ""}
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "weights", type: "vec4f", access: "read_write", buffer: buffers.weights },
      { name: "firstMoment", type: "vec4f", access: "read_write", buffer: buffers.firstMoment },
      { name: "secondMoment", type: "vec4f", access: "read_write", buffer: buffers.secondMoment },
      { name: "gradient", type: "vec4f", access: "read", buffer: buffers.gradient },
      { name: "settings", type: "f32", access: "read", buffer: buffers.settings },
      { name: "report", type: "f32", access: "read", buffer: buffers.report },
      ...(working
        ? [{ name: "working", type: "vec4<f16>", access: "read_write", buffer: working } as const]
        : []),
    ],
    workgroups: Math.ceil(count / 4 / THREADS),
    flops: 12 * count,
    bytes: count * (working ? 30 : 28),
  });
}

/** The f16 copy of `count` weights, a multiple of 4. */
export function castWeights(
  device: Device,
  label: string,
  count: number,
  buffers: { weights: GPUBuffer; working: GPUBuffer },
): Promise<Dispatch> {
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i < ${count / 4}u) { working[i] = vec4<f16>(weights[i]); }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "weights", type: "vec4f", access: "read", buffer: buffers.weights },
      { name: "working", type: "vec4<f16>", access: "read_write", buffer: buffers.working },
    ],
    workgroups: Math.ceil(count / 4 / THREADS),
    bytes: 6 * count,
  });
}
