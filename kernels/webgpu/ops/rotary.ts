/**
 * Rotary positions (Su et al., 2021; adjacent pairs turned by t·θ^(−2i/d)) and the parameter-free norm of queries and
 * keys after them, as Llama 4 has it.
 *
 * A row of `queryKeyValue` is H query heads, K key heads and K value heads of d entries. A head is spread over d/4 lanes.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bytesOf, dispatch, type Element } from "./kernel.ts";

/** Heads of every position of a batch. */
export interface HeadsShape {
  readonly element: Element;
  readonly sequences: number;
  readonly length: number;
  /** H. */
  readonly heads: number;
  /** K, a divisor of H. */
  readonly keyValueHeads: number;
  /** d, a multiple of 4. */
  readonly headSize: number;
  /** ε of the norm of queries and keys; null: none. */
  readonly queryKeyEpsilon: number | null;
}

/** Threads of a workgroup, at most. */
const THREADS = 256;

/**
 * cos and sin of every angle, in pairs [length × d/2 × 2], rounded to float32 where transformers rounds.
 *
 * @param frequencies Angle from one position to the next of each pair [d/2].
 *
 * @example
 * ```ts
 * import { rotaryTable } from "./rotary.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(rotaryTable(Float32Array.of(1, 0.01), 1), Float32Array.of(1, 0, 1, 0));
 * ```
 */
export function rotaryTable(frequencies: Float32Array, length: number): Float32Array {
  const table = new Float32Array(length * frequencies.length * 2);
  for (let position = 0, at = 0; position < length; position++) {
    for (const frequency of frequencies) {
      const angle = Math.fround(position * frequency);
      table[at++] = Math.cos(angle);
      table[at++] = Math.sin(angle);
    }
  }
  return table;
}

/** Heads of a workgroup. */
export function headItems(headSize: number): number {
  return Math.floor(THREADS / (headSize / 4));
}

/** WGSL that kernels over heads share: sizes, `laneTotal`, `turned`. */
export function headConstants(
  { sequences, length, heads, keyValueHeads, headSize }: Omit<HeadsShape, "queryKeyEpsilon">,
): string {
  const lanes = headSize / 4;
  return `
const ROWS = ${sequences * length}u;
const LENGTH = ${length}u;
const HEADS = ${heads}u;
const KEY_HEADS = ${keyValueHeads}u;
const LANES = ${lanes}u;
const ITEMS = ${headItems(headSize)}u;
const STRIDE = ${(heads + 2 * keyValueHeads) * lanes}u;
var<workgroup> partial: array<f32, ${THREADS}>;
// The sum over the lanes of an item.
fn laneTotal(value: f32, index: u32) -> f32 {
  partial[index] = value;
  workgroupBarrier();
  var sum = 0f;
  for (var i = index / LANES * LANES; i < index / LANES * LANES + LANES; i++) { sum += partial[i]; }
  return sum;
}
fn turned(x: vec4f, angle: vec4f) -> vec4f {
  return vec4f(
    x.x * angle.x - x.y * angle.y,
    x.x * angle.y + x.y * angle.x,
    x.z * angle.z - x.w * angle.w,
    x.z * angle.w + x.w * angle.z,
  );
}`;
}

/** How a kernel begins in which d/4 lanes share a head: `row`, `head` of so many, and the place `at` of this lane's vector. */
export function headThread({ headSize }: Pick<HeadsShape, "headSize">, headsOfRow: string): string {
  return `@compute @workgroup_size(${headItems(headSize) * headSize / 4})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let item = workgroupIndex(id) * ITEMS + index / LANES;
  let lane = index % LANES;
  let row = min(item / (${headsOfRow}), ROWS - 1);
  let head = item % (${headsOfRow});
  let at = row * STRIDE + head * LANES + lane;`;
}

/**
 * Turns the queries and keys of `queryKeyValue` in place and normalises them: y = z·rsqrt(mean(z²) + ε).
 *
 * @param buffers factors [rows × (H + K)] in f32: what each head was multiplied by; table as `rotaryTable`.
 */
export function rotary(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: { queryKeyValue: GPUBuffer; factors: GPUBuffer; table: GPUBuffer },
): Promise<Dispatch> {
  const { element, sequences, length, heads, keyValueHeads, headSize, queryKeyEpsilon } = shape;
  const items = headItems(headSize);
  const rows = sequences * length;
  const code = `
${headConstants(shape)}
${headThread(shape, "HEADS + KEY_HEADS")}
  let z = turned(vec4f(queryKeyValue[at]), table[row % LENGTH * LANES + lane]);
  let factor = ${
    queryKeyEpsilon === null
      ? "1f + 0 * laneTotal(0, index)"
      : `inverseSqrt(laneTotal(dot(z, z), index) * f32(${1 / headSize}) + f32(${queryKeyEpsilon}))`
  };
  if (item < ROWS * (HEADS + KEY_HEADS)) {
    queryKeyValue[at] = vec4<${element}>(z * factor);
    if (lane == 0) { factors[item] = factor; }
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      {
        name: "queryKeyValue",
        type: `vec4<${element}>`,
        access: "read_write",
        buffer: buffers.queryKeyValue,
      },
      { name: "factors", type: "f32", access: "read_write", buffer: buffers.factors },
      { name: "table", type: "vec4f", access: "read", buffer: buffers.table },
    ],
    workgroups: Math.ceil(rows * (heads + keyValueHeads) / items),
    flops: 9 * rows * (heads + keyValueHeads) * headSize,
    bytes: 2 * rows * (heads + keyValueHeads) * headSize * bytesOf(element),
  });
}

/**
 * Gradient of `rotary`, from what attention left for every query head to the projections' outputs: keys and values are
 * summed over the query heads that read them; dz = factor·(dy − y·mean(dy∘y)), turned back.
 *
 * @param buffers parts [rows × 3·H·d]: gradients of H queries, then for each query head its part of the key's, then of
 * the value's; queryKeyValue and factors as `rotary` left them; gradient [rows × (H + 2K)·d].
 */
export function rotaryBackward(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: {
    parts: GPUBuffer;
    queryKeyValue: GPUBuffer;
    factors: GPUBuffer;
    table: GPUBuffer;
    gradient: GPUBuffer;
  },
): Promise<Dispatch> {
  const { element, sequences, length, heads, keyValueHeads, headSize, queryKeyEpsilon } = shape;
  const items = headItems(headSize);
  const rows = sequences * length;
  const vector = `vec4<${element}>`;
  const code = `
${headConstants(shape)}
const GROUP = ${heads / keyValueHeads}u;
${headThread(shape, "HEADS + 2 * KEY_HEADS")}
  let isQuery = head < HEADS;
  let isValue = head >= HEADS + KEY_HEADS;
  // Entry of the first part: heads of queries, of keys and of values follow each other.
  let first = select(HEADS * select(1u, 2u, isValue) + (head - HEADS - select(0u, KEY_HEADS, isValue)) * GROUP, head, isQuery);
  var dy = vec4f();
  for (var i = 0u; i < select(GROUP, 1u, isQuery); i++) {
    dy += vec4f(parts[(row * 3 * HEADS + first + i) * LANES + lane]);
  }
  let y = vec4f(queryKeyValue[at]);
  let pull = laneTotal(dot(dy, y), index) * f32(${queryKeyEpsilon === null ? 0 : 1 / headSize});
  if (item < ROWS * (HEADS + 2 * KEY_HEADS)) {
    if (isValue) {
      gradient[at] = ${vector}(dy);
    } else {
      let angle = table[row % LENGTH * LANES + lane] * vec4f(1, -1, 1, -1);
      let factor = factors[row * (HEADS + KEY_HEADS) + head];
      gradient[at] = ${vector}(turned((dy - y * pull) * factor, angle));
    }
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "parts", type: vector, access: "read", buffer: buffers.parts },
      { name: "queryKeyValue", type: vector, access: "read", buffer: buffers.queryKeyValue },
      { name: "factors", type: "f32", access: "read", buffer: buffers.factors },
      { name: "table", type: "vec4f", access: "read", buffer: buffers.table },
      { name: "gradient", type: vector, access: "read_write", buffer: buffers.gradient },
    ],
    workgroups: Math.ceil(rows * (heads + 2 * keyValueHeads) / items),
    flops: 12 * rows * (heads + keyValueHeads) * headSize,
    bytes: rows * (5 * heads + 4 * keyValueHeads) * headSize * bytesOf(element),
  });
}
