/**
 * Causal grouped-query attention without a T × T matrix (Dao et al., 2022), in plain f32 arithmetic: what
 * every GPU can run. Its gradient is in `attention_gradient.ts`; `attention_tensor.ts` does the same with subgroup matrices.
 *
 * A thread owns a row, of queries or of keys, in registers; the other side passes by in tiles of workgroup memory, each
 * entry of which all threads read at once. A query sees the keys from its document's first position to its own.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bytesOf, dispatch, unroll } from "./kernel.ts";
import type { HeadsShape } from "./rotary.ts";

/** Buffers of the forward pass. */
export interface AttentionBuffers {
  /** [rows × (H + 2K)·d] as `rotary` left it. */
  readonly queryKeyValue: GPUBuffer;
  /** Position within its sequence of the first key that a row sees [rows], never falling within a sequence. */
  readonly starts: GPUBuffer;
  /** [rows × H·d]. */
  readonly output: GPUBuffer;
  /** log Σ e^score of each row [H × rows], f32. */
  readonly logSums: GPUBuffer;
}

/** Rows of a workgroup. */
export const ROWS = 64;

/** Rows of the side that passes by. */
export const TILE = 16;

/** Constants of both passes' kernels. */
export function constants(shape: HeadsShape): string {
  const { sequences, length, heads, keyValueHeads, headSize } = shape;
  return `
const LENGTH = ${length}u;
const ROWS = ${sequences * length}u;
const HEADS = ${heads}u;
const KEY_HEADS = ${keyValueHeads}u;
const SIZE = ${headSize / 4}u;
const STRIDE = ${(heads + 2 * keyValueHeads) * headSize / 4}u;
const SCALE = f32(${headSize ** -0.5});`;
}

/** Workgroups: row tiles, query heads, sequences. */
export function grid({ sequences, length, heads }: HeadsShape): readonly [number, number, number] {
  return [Math.ceil(length / ROWS), heads, sequences];
}

/** How a kernel begins in which each thread owns a row of queries: `row` of the batch, `query` of its sequence, first visible key `start`. */
export function queryThread(shape: HeadsShape): string {
  return `
var<workgroup> keys: array<vec4f, ${TILE * shape.headSize / 4}>;
var<workgroup> values: array<vec4f, ${TILE * shape.headSize / 4}>;
@compute @workgroup_size(${ROWS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  // The last tiles see the most keys: they go first.
  let first = (${grid(shape)[0] - 1} - id.x) * ${ROWS};
  let base = id.z * LENGTH;
  let query = first + lane;
  let row = base + min(query, LENGTH - 1);
  let key = HEADS + id.y / ${shape.heads / shape.keyValueHeads};
  let start = starts[row];`;
}

/** The loops over the keys that a query sees, tile by tile; entry j of the tile is in `keys` and `values`. Two brackets stay open. */
export const EACH_KEY =
  `for (var begin = starts[base + first]; begin < min(first + ${ROWS}, LENGTH); begin += ${TILE}) {
    workgroupBarrier();
    for (var i = lane; i < ${TILE} * SIZE; i += ${ROWS}) {
      let at = (base + min(begin + i / SIZE, LENGTH - 1)) * STRIDE + key * SIZE + i % SIZE;
      keys[i] = vec4f(queryKeyValue[at]);
      values[i] = vec4f(queryKeyValue[at + KEY_HEADS * SIZE]);
    }
    workgroupBarrier();
    for (var j = 0u; j < ${TILE}; j++) {
      if (begin + j > query || begin + j < start) { continue; }`;

/** Multiply-adds of `products` causal T × T products of all heads, as floating-point operations. */
export function causalFlops({ sequences, length, heads, headSize }: HeadsShape, products: number): number {
  return products * sequences * heads * headSize * length * (length + 1);
}

/** Bytes of q, k, v (or their gradients) and of the output (or its gradient). */
export function attentionBytes(
  { element, sequences, length, heads, keyValueHeads, headSize }: HeadsShape,
): number {
  return 2 * sequences * length * (heads + keyValueHeads) * headSize * bytesOf(element);
}

/** output = softmax(q·kᵀ/√d + mask)·v, with an online softmax. */
export function attention(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionBuffers,
): Promise<Dispatch> {
  const { element, headSize } = shape;
  const size = headSize / 4;
  const code = `
${constants(shape)}${queryThread(shape)}
  ${
    unroll(size, (i) =>
      `let q${i} = vec4f(queryKeyValue[row * STRIDE + id.y * SIZE + ${i}]) * SCALE;
  var o${i} = vec4f();`)
  }
  var highest = -1e30f;
  var sum = 0f;
  ${EACH_KEY}
      var products = vec4f();
      ${unroll(size, (i) => `products += q${i} * keys[j * SIZE + ${i}];`)}
      let score = products.x + products.y + products.z + products.w;
      if (score > highest) {
        let shrink = exp(highest - score);
        sum *= shrink;
        ${unroll(size, (i) => `o${i} *= shrink;`)}
        highest = score;
      }
      let p = exp(score - highest);
      sum += p;
      ${unroll(size, (i) => `o${i} += p * values[j * SIZE + ${i}];`)}
    }
  }
  if (query >= LENGTH) { return; }
  ${unroll(size, (i) => `output[(row * HEADS + id.y) * SIZE + ${i}] = vec4<${element}>(o${i} / sum);`)}
  logSums[id.y * ROWS + row] = highest + log(sum);
}`;
  const vector = `vec4<${element}>`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "queryKeyValue", type: vector, access: "read", buffer: buffers.queryKeyValue },
      { name: "starts", type: "u32", access: "read", buffer: buffers.starts },
      { name: "output", type: vector, access: "read_write", buffer: buffers.output },
      { name: "logSums", type: "f32", access: "read_write", buffer: buffers.logSums },
    ],
    workgroups: grid(shape),
    flops: causalFlops(shape, 2),
    bytes: attentionBytes(shape),
  });
}
