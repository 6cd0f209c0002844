/**
 * Sums of what other kernels left in parts, each in a fixed order.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { dispatch, totalFunction } from "./kernel.ts";

const THREADS = 256;

/** Columns of a workgroup of `sumParts`. */
const COLUMNS = 32;

/**
 * target[j] += Σ over blocks of parts[j], for `count` vectors of `width`, `stride` elements apart in target; the
 * blocks [blocks × width] of one vector begin `partStride` elements after those of the one before.
 */
export function sumParts(
  device: Device,
  label: string,
  shape: { count: number; blocks: number; width: number; partStride: number; stride: number },
  buffers: { parts: GPUBuffer; target: GPUBufferBinding },
): Promise<Dispatch> {
  const { count, blocks, width, partStride, stride } = shape;
  const lanes = THREADS / COLUMNS;
  const code = `
var<workgroup> shares: array<f32, ${THREADS}>;
@compute @workgroup_size(${COLUMNS}, ${lanes})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = ${COLUMNS} * id.x + lane.x;
  var sum = 0f;
  if (column < ${width}u) {
    for (var block = lane.y; block < ${blocks}u; block += ${lanes}) {
      sum += parts[id.y * ${partStride} + block * ${width} + column];
    }
  }
  shares[lane.y * ${COLUMNS} + lane.x] = sum;
  workgroupBarrier();
  if (lane.y == 0 && column < ${width}u) {
    for (var i = 1u; i < ${lanes}; i++) { sum += shares[i * ${COLUMNS} + lane.x]; }
    goal[id.y * ${stride} + column] += sum;
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "parts", type: "f32", access: "read", buffer: buffers.parts },
      { name: "goal", type: "f32", access: "read_write", buffer: buffers.target },
    ],
    workgroups: [Math.ceil(width / COLUMNS), count, 1],
    flops: count * blocks * width,
    bytes: 4 * count * blocks * width,
  });
}

/** sums [sequences] = Σ weight · loss over each sequence's positions. */
export function sequenceLosses(
  device: Device,
  label: string,
  { sequences, length }: { sequences: number; length: number },
  buffers: { losses: GPUBuffer; weights: GPUBuffer; sums: GPUBuffer },
): Promise<Dispatch> {
  const code = `
${totalFunction("f32", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let sequence = workgroupIndex(id);
  if (sequence >= ${sequences}u) { return; }
  var share = 0f;
  for (var i = lane; i < ${length}u; i += ${THREADS}) {
    let row = sequence * ${length} + i;
    // A loss that counts for nothing may be infinite.
    if (weights[row] != 0) { share += weights[row] * losses[row]; }
  }
  let sum = total(share, lane);
  if (lane == 0) { sums[sequence] = sum; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "losses", type: "f32", access: "read", buffer: buffers.losses },
      { name: "weights", type: "f32", access: "read", buffer: buffers.weights },
      { name: "sums", type: "f32", access: "read_write", buffer: buffers.sums },
    ],
    workgroups: sequences,
    flops: 2 * sequences * length,
    bytes: 8 * sequences * length,
  });
}

/** target[0] += Σ values, by one workgroup. */
export function addTotal(
  device: Device,
  label: string,
  count: number,
  buffers: { values: GPUBuffer; target: GPUBuffer },
): Promise<Dispatch> {
  const code = `
${totalFunction("f32", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) lane: u32) {
  var share = 0f;
  for (var i = lane; i < ${count}u; i += ${THREADS}) { share += values[i]; }
  let sum = total(share, lane);
  if (lane == 0) { goal[0] += sum; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "values", type: "f32", access: "read", buffer: buffers.values },
      { name: "goal", type: "f32", access: "read_write", buffer: buffers.target },
    ],
    workgroups: 1,
    flops: count,
    bytes: 4 * count,
  });
}

/** Sets `count` f32 to 0, a multiple of 4. */
export function clear(device: Device, label: string, count: number, target: GPUBuffer): Promise<Dispatch> {
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i < ${count / 4}u) { goal[i] = vec4f(); }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [{ name: "goal", type: "vec4f", access: "read_write", buffer: target }],
    workgroups: Math.ceil(count / 4 / THREADS),
    bytes: 4 * count,
  });
}
