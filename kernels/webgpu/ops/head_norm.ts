/**
 * The norm of queries and keys that has weights, before they are turned (Qwen3): each head x of d entries becomes w ∘ x·s with
 * s = rsqrt(mean(x²) + ε), w [d] one weight for all queries and one for all keys.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bytesOf, dispatch } from "./kernel.ts";
import { headConstants, headItems, type HeadsShape, headThread } from "./rotary.ts";

/** Heads before they are turned, and their norm's ε. */
export interface HeadNormShape extends Omit<HeadsShape, "queryKeyEpsilon"> {
  readonly epsilon: number;
}

/** Positions whose parts of the weights' gradients become one. */
export const HEAD_NORM_BLOCK = 16;

/** The sum over the lanes of an item, of two numbers at once. */
const LANE_TOTALS = (threads: number) => `
var<workgroup> pairs: array<vec2f, ${threads}>;
fn laneTotals(value: vec2f, index: u32) -> vec2f {
  pairs[index] = value;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = index / LANES * LANES; i < index / LANES * LANES + LANES; i++) { sum += pairs[i]; }
  workgroupBarrier();
  return sum;
}`;

/**
 * Normalises the queries and keys of `queryKeyValue` in place.
 *
 * @param buffers weights of q, then of k [2 × d] in f32; unnormed [rows × (H + K)·d]: what they were before, for the gradient.
 */
export function headNorm(
  device: Device,
  label: string,
  shape: HeadNormShape,
  buffers: { queryKeyValue: GPUBuffer; unnormed: GPUBuffer; weights: GPUBufferBinding },
): Promise<Dispatch> {
  const { element, sequences, length, heads, keyValueHeads, headSize, epsilon } = shape;
  const count = sequences * length * (heads + keyValueHeads);
  const items = headItems(headSize);
  const vector = `vec4<${element}>`;
  const code = `
${headConstants(shape)}
${headThread(shape, "HEADS + KEY_HEADS")}
  let x = queryKeyValue[at];
  let scale = inverseSqrt(laneTotal(dot(vec4f(x), vec4f(x)), index) * f32(${1 / headSize}) + f32(${epsilon}));
  if (item < ${count}) {
    unnormed[item * LANES + lane] = x;
    queryKeyValue[at] = ${vector}(vec4f(x) * scale * weights[select(0u, LANES, head >= HEADS) + lane]);
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "queryKeyValue", type: vector, access: "read_write", buffer: buffers.queryKeyValue },
      { name: "unnormed", type: vector, access: "read_write", buffer: buffers.unnormed },
      { name: "weights", type: "vec4f", access: "read", buffer: buffers.weights },
    ],
    workgroups: Math.ceil(count / items),
    flops: 4 * count * headSize,
    bytes: 3 * count * headSize * bytesOf(element),
  });
}

/**
 * Gradient of `headNorm`, in place on that of its output: dx = s·(dy∘w − x·s²·mean(dy∘w∘x)), and each block's part of
 * dw = Σ dy ∘ x·s over its positions and heads.
 *
 * @param buffers gradient [rows × (H + 2K)·d], the values' part untouched; parts [blocks × 2 × d] in f32, of q and of k, one
 * block for every 16 positions.
 */
export function headNormBackward(
  device: Device,
  label: string,
  shape: HeadNormShape,
  buffers: {
    gradient: GPUBuffer;
    unnormed: GPUBuffer;
    weights: GPUBufferBinding;
    parts: GPUBufferBinding;
  },
): Promise<Dispatch> {
  const { element, sequences, length, heads, keyValueHeads, headSize, epsilon } = shape;
  const rows = sequences * length;
  const threads = headItems(headSize) * headSize / 4;
  const vector = `vec4<${element}>`;
  const code = `
${headConstants(shape)}
${LANE_TOTALS(threads)}
const BLOCK = ${HEAD_NORM_BLOCK}u * (HEADS + KEY_HEADS);
var<workgroup> shares: array<mat2x4f, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let block = workgroupIndex(id);
  let lane = index % LANES;
  let end = min((block + 1) * BLOCK, ROWS * (HEADS + KEY_HEADS));
  var share = mat2x4f();
  for (var first = block * BLOCK; first < end; first += ITEMS) {
    let item = min(first + index / LANES, end - 1);
    let head = item % (HEADS + KEY_HEADS);
    let isKey = head >= HEADS;
    let at = item / (HEADS + KEY_HEADS) * STRIDE + head * LANES + lane;
    let x = vec4f(unnormed[item * LANES + lane]);
    let dy = vec4f(gradient[at]);
    let g = dy * weights[select(0u, LANES, isKey) + lane];
    let sums = laneTotals(vec2f(dot(x, x), dot(x, g)), index);
    let scale = inverseSqrt(sums.x * f32(${1 / headSize}) + f32(${epsilon}));
    if (first + index / LANES < end) {
      let dw = dy * x * scale;
      if (isKey) { share[1] += dw; } else { share[0] += dw; }
      gradient[at] = ${vector}(g * scale - x * (scale * scale * scale * sums.y * f32(${1 / headSize})));
    }
  }
  shares[index] = share;
  workgroupBarrier();
  if (index < LANES) {
    for (var i = 1u; i < ITEMS; i++) { share += shares[i * LANES + index]; }
    parts[block * 2 * LANES + index] = share[0];
    parts[block * 2 * LANES + LANES + index] = share[1];
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "gradient", type: vector, access: "read_write", buffer: buffers.gradient },
      { name: "unnormed", type: vector, access: "read", buffer: buffers.unnormed },
      { name: "weights", type: "vec4f", access: "read", buffer: buffers.weights },
      { name: "parts", type: "vec4f", access: "read_write", buffer: buffers.parts },
    ],
    workgroups: Math.ceil(rows / HEAD_NORM_BLOCK),
    flops: 12 * rows * (heads + keyValueHeads) * headSize,
    bytes: 3 * rows * (heads + keyValueHeads) * headSize * bytesOf(element),
  });
}
