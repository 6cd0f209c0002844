/**
 * The gradient of attention in plain f32 arithmetic, in the manner of `attention.ts`: the probabilities are recomputed from the
 * saved logarithm of the softmax's sum, once for dQ and once for dK and dV, so that nothing has to be added atomically.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import {
  type AttentionBuffers,
  attentionBytes,
  causalFlops,
  constants,
  EACH_KEY,
  grid,
  queryThread,
  ROWS,
  TILE,
} from "./attention.ts";
import { type Binding, bytesOf, dispatch, unroll } from "./kernel.ts";
import type { HeadsShape } from "./rotary.ts";

/** Buffers of the backward pass besides. */
export interface AttentionGradientBuffers extends AttentionBuffers {
  /** Gradient of `output`. */
  readonly outputGradient: GPUBuffer;
  /** Σ output ∘ its gradient of each row [H × rows], f32: written by `attentionPulls`. */
  readonly pulls: GPUBuffer;
  /** [rows × 3·H·d]: gradients of queries, and of keys and values for each query head. */
  readonly parts: GPUBuffer;
}

/** The three dispatches of attention's gradient: pulls, queries, keys and values. */
export function attentionBackward(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
): Promise<Dispatch[]> {
  return Promise.all([
    attentionPulls(device, `${label}.pulls`, shape, buffers),
    queryGradient(device, `${label}.queries`, shape, buffers),
    keyValueGradient(device, `${label}.keys`, shape, buffers),
  ]);
}

/** pulls = Σ output ∘ its gradient of each row and head: what softmax's gradient subtracts. */
export function attentionPulls(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: Pick<AttentionGradientBuffers, "output" | "outputGradient" | "pulls">,
): Promise<Dispatch> {
  const { element, sequences, length, heads, headSize } = shape;
  const rows = sequences * length;
  // As many lanes a head as it has vectors; the sum over them is short and in order.
  const size = headSize / 4;
  const items = Math.floor(256 / size);
  const vector = `vec4<${element}>`;
  const code = `
var<workgroup> products: array<f32, ${items * size}>;
@compute @workgroup_size(${items * size})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroupIndex(id) * ${items} + lane / ${size};
  let at = min(item, ${rows * heads - 1}) * ${size} + lane % ${size};
  products[lane] = dot(vec4f(output[at]), vec4f(outputGradient[at]));
  workgroupBarrier();
  if (lane % ${size} == 0 && item < ${rows * heads}) {
    var sum = 0f;
    for (var i = 0u; i < ${size}; i++) { sum += products[lane + i]; }
    pulls[item % ${heads} * ${rows} + item / ${heads}] = sum;
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "output", type: vector, access: "read", buffer: buffers.output },
      { name: "outputGradient", type: vector, access: "read", buffer: buffers.outputGradient },
      { name: "pulls", type: "f32", access: "read_write", buffer: buffers.pulls },
    ],
    workgroups: Math.ceil(rows * heads / items),
    flops: 2 * rows * heads * headSize,
    bytes: 2 * rows * heads * headSize * bytesOf(element),
  });
}

/** Bindings of both gradients' kernels. */
function gradientBindings(vector: string, buffers: AttentionGradientBuffers): Binding[] {
  return [
    { name: "queryKeyValue", type: vector, access: "read", buffer: buffers.queryKeyValue },
    { name: "starts", type: "u32", access: "read", buffer: buffers.starts },
    { name: "logSums", type: "f32", access: "read", buffer: buffers.logSums },
    { name: "outputGradient", type: vector, access: "read", buffer: buffers.outputGradient },
    { name: "pulls", type: "f32", access: "read", buffer: buffers.pulls },
    { name: "parts", type: vector, access: "read_write", buffer: buffers.parts },
  ];
}

/** dQ = Σ over keys of ds·k/√d, ds = p·(dO·v − pull). */
function queryGradient(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
): Promise<Dispatch> {
  const { element, headSize } = shape;
  const size = headSize / 4;
  const vector = `vec4<${element}>`;
  const code = `
${constants(shape)}${queryThread(shape)}
  let logSum = logSums[id.y * ROWS + row];
  let pull = pulls[id.y * ROWS + row];
  ${
    unroll(size, (i) =>
      `let q${i} = vec4f(queryKeyValue[row * STRIDE + id.y * SIZE + ${i}]) * SCALE;
  let g${i} = vec4f(outputGradient[(row * HEADS + id.y) * SIZE + ${i}]);
  var d${i} = vec4f();`)
  }
  ${EACH_KEY}
      var scores = vec4f();
      var slopes = vec4f();
      ${
    unroll(size, (i) =>
      `scores += q${i} * keys[j * SIZE + ${i}];
      slopes += g${i} * values[j * SIZE + ${i}];`)
  }
      let p = exp(scores.x + scores.y + scores.z + scores.w - logSum);
      let ds = p * (slopes.x + slopes.y + slopes.z + slopes.w - pull) * SCALE;
      ${unroll(size, (i) => `d${i} += ds * keys[j * SIZE + ${i}];`)}
    }
  }
  if (query >= LENGTH) { return; }
  ${unroll(size, (i) => `parts[(row * 3 * HEADS + id.y) * SIZE + ${i}] = ${vector}(d${i});`)}
}`;
  return dispatch(device, {
    label,
    code,
    bindings: gradientBindings(vector, buffers),
    workgroups: grid(shape),
    flops: causalFlops(shape, 3),
    bytes: attentionBytes(shape),
  });
}

/** For each query head: dK = Σ over queries of ds·q/√d, dV = Σ p·dO. */
function keyValueGradient(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
): Promise<Dispatch> {
  const { element, headSize } = shape;
  const size = headSize / 4;
  const vector = `vec4<${element}>`;
  const code = `
${constants(shape)}
var<workgroup> queries: array<vec4f, ${TILE * size}>;
var<workgroup> gradients: array<vec4f, ${TILE * size}>;
// Log-sum, pull and first visible key of each query.
var<workgroup> sides: array<vec3f, ${TILE}>;
@compute @workgroup_size(${ROWS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = id.x * ${ROWS};
  let base = id.z * LENGTH;
  let key = first + lane;
  let row = base + min(key, LENGTH - 1);
  let keyAt = row * STRIDE + (HEADS + id.y / ${shape.heads / shape.keyValueHeads}) * SIZE;
  ${
    unroll(size, (i) =>
      `let k${i} = vec4f(queryKeyValue[keyAt + ${i}]) * SCALE;
  let v${i} = vec4f(queryKeyValue[keyAt + KEY_HEADS * SIZE + ${i}]);
  var dk${i} = vec4f();
  var dv${i} = vec4f();`)
  }
  for (var begin = first; begin < LENGTH; begin += ${TILE}) {
    // Later queries begin no earlier: none of them sees this tile.
    if (starts[base + begin] >= first + ${ROWS}) { break; }
    workgroupBarrier();
    for (var i = lane; i < ${TILE} * SIZE; i += ${ROWS}) {
      let queryRow = base + min(begin + i / SIZE, LENGTH - 1);
      queries[i] = vec4f(queryKeyValue[queryRow * STRIDE + id.y * SIZE + i % SIZE]);
      gradients[i] = vec4f(outputGradient[(queryRow * HEADS + id.y) * SIZE + i % SIZE]);
    }
    if (lane < ${TILE}) {
      let queryRow = base + min(begin + lane, LENGTH - 1);
      sides[lane] = vec3f(
        logSums[id.y * ROWS + queryRow],
        pulls[id.y * ROWS + queryRow],
        f32(starts[queryRow]),
      );
    }
    workgroupBarrier();
    for (var j = 0u; j < min(${TILE}, LENGTH - begin); j++) {
      if (begin + j < key || u32(sides[j].z) > key) { continue; }
      var scores = vec4f();
      var slopes = vec4f();
      ${
    unroll(size, (i) =>
      `scores += k${i} * queries[j * SIZE + ${i}];
      slopes += v${i} * gradients[j * SIZE + ${i}];`)
  }
      let p = exp(scores.x + scores.y + scores.z + scores.w - sides[j].x);
      let ds = p * (slopes.x + slopes.y + slopes.z + slopes.w - sides[j].y) * SCALE;
      ${
    unroll(size, (i) =>
      `dk${i} += ds * queries[j * SIZE + ${i}];
      dv${i} += p * gradients[j * SIZE + ${i}];`)
  }
    }
  }
  if (key >= LENGTH) { return; }
  let at = (row * 3 * HEADS + HEADS + id.y) * SIZE;
  ${
    unroll(size, (i) =>
      `parts[at + ${i}] = ${vector}(dk${i});
  parts[at + HEADS * SIZE + ${i}] = ${vector}(dv${i});`)
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: gradientBindings(vector, buffers),
    workgroups: grid(shape),
    flops: causalFlops(shape, 4),
    bytes: attentionBytes(shape),
  });
}
