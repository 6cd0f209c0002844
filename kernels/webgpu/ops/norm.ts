/**
 * RMSNorm and its gradient (Zhang and Sennrich, 2019): y = w ∘ x·s with s = rsqrt(mean(x²) + ε).
 *
 * A workgroup takes four rows at once, so that one reduction serves four.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { type Binding, bytesOf, dispatch, type Element, totalFunction, unroll } from "./kernel.ts";

/** A matrix of rows and what normalises it. */
export interface NormShape {
  readonly element: Element;
  readonly rows: number;
  /** D, a multiple of 4. */
  readonly width: number;
  readonly epsilon: number;
}

/** Rows that share a reduction. */
const ROWS = 4;
/** Rows of a workgroup of the backward pass, whose parts of the weight's gradient become one. */
export const NORM_BLOCK = 16;

function lanesOf(width: number): number {
  return Math.min(256, Math.ceil(width / 4 / 32) * 32);
}

function constants({ rows, width, epsilon }: NormShape): string {
  return `
const ROWS = ${rows}u;
const WIDTH = ${width / 4}u;
const LANES = ${lanesOf(width)}u;
const SHARE = f32(${1 / width});
const EPSILON = f32(${epsilon});`;
}

/** y [rows × D] = norm(x) ∘ w; w [D] in f32. */
export function rmsNorm(
  device: Device,
  label: string,
  shape: NormShape,
  buffers: { x: GPUBuffer; weight: GPUBufferBinding; y: GPUBuffer },
): Promise<Dispatch> {
  const { element, rows, width } = shape;
  const lanes = lanesOf(width);
  const code = `
${constants(shape)}
${totalFunction("vec4f", lanes)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = ${ROWS}u * workgroupIndex(id);
  var squares = vec4f();
  for (var c = lane; c < WIDTH; c += LANES) {
    ${unroll(ROWS, (r) => `let x${r} = vec4f(x[min(first + ${r}, ROWS - 1) * WIDTH + c]);`)}
    squares += vec4f(${Array.from({ length: ROWS }, (_, r) => `dot(x${r}, x${r})`)});
  }
  let scale = inverseSqrt(total(squares, lane) * SHARE + EPSILON);
  for (var c = lane; c < WIDTH; c += LANES) {
    let w = weight[c];
    ${
    unroll(ROWS, (r) =>
      `if (first + ${r} < ROWS) {
      let at = (first + ${r}) * WIDTH + c;
      y[at] = vec4<${element}>(vec4f(x[at]) * scale[${r}] * w);
    }`)
  }
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "x", type: `vec4<${element}>`, access: "read", buffer: buffers.x },
      { name: "weight", type: "vec4f", access: "read", buffer: buffers.weight },
      { name: "y", type: `vec4<${element}>`, access: "read_write", buffer: buffers.y },
    ],
    workgroups: Math.ceil(rows / ROWS),
    flops: 4 * rows * width,
    bytes: 2 * rows * width * bytesOf(element),
  });
}

/**
 * Gradient of `rmsNorm`: dx = s·(dy∘w − x·s²·mean(dy∘w∘x)), and each block's part of dw = Σ dy ∘ x·s.
 *
 * @param buffers dx is added to where `residual` holds, and overwritten otherwise; parts [blocks × D] in f32, one row
 * for every 16 rows; `normed`, if given, becomes norm(x) ∘ w again, which the weight gradient of the next product reads.
 */
export function rmsNormBackward(
  device: Device,
  label: string,
  shape: NormShape,
  buffers: {
    x: GPUBuffer;
    weight: GPUBufferBinding;
    dy: GPUBuffer;
    dx: GPUBuffer;
    parts: GPUBufferBinding;
    normed?: GPUBuffer;
  },
  residual: boolean,
): Promise<Dispatch> {
  const { element, rows, width } = shape;
  const { normed } = buffers;
  const lanes = lanesOf(width);
  const chunks = Math.ceil(width / 4 / lanes);
  const vector = `vec4<${element}>`;
  const code = `
${constants(shape)}
${totalFunction("mat2x4f", lanes)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = workgroupIndex(id);
  ${unroll(chunks, (j) => `var dw${j} = vec4f();`)}
  for (var first = ${NORM_BLOCK}u * block; first < min(${NORM_BLOCK}u * block + ${NORM_BLOCK}u, ROWS); first += ${ROWS}u) {
    var squares = vec4f();
    var products = vec4f();
    for (var c = lane; c < WIDTH; c += LANES) {
      let w = weight[c];
      ${
    unroll(ROWS, (r) =>
      `let at${r} = min(first + ${r}, ROWS - 1) * WIDTH + c;
      let x${r} = vec4f(x[at${r}]);
      let g${r} = vec4f(dy[at${r}]) * w;`)
  }
      squares += vec4f(${Array.from({ length: ROWS }, (_, r) => `dot(x${r}, x${r})`)});
      products += vec4f(${Array.from({ length: ROWS }, (_, r) => `dot(x${r}, g${r})`)});
    }
    let sums = total(mat2x4f(squares, products), lane);
    let scale = inverseSqrt(sums[0] * SHARE + EPSILON);
    let pull = scale * scale * scale * sums[1] * SHARE;
    ${
    unroll(chunks, (j) =>
      `{
      let c = lane + ${j} * LANES;
      if (c < WIDTH) {
        let w = weight[c];
        ${
        unroll(ROWS, (r) =>
          `if (first + ${r} < ROWS) {
          let at = (first + ${r}) * WIDTH + c;
          let x_ = vec4f(x[at]);
          let g = vec4f(dy[at]);
          let n = x_ * scale[${r}];
          dw${j} += g * n;
          ${normed ? `normed[at] = ${vector}(n * w);` : ""}
          dx[at] = ${vector}(${residual ? "vec4f(dx[at]) + " : ""}g * w * scale[${r}] - x_ * pull[${r}]);
        }`)
      }
      }
    }`)
  }
  }
  ${
    unroll(chunks, (j) =>
      `if (lane + ${j} * LANES < WIDTH) { parts[block * WIDTH + lane + ${j} * LANES] = dw${j}; }`)
  }
}`;
  const bindings: Binding[] = [
    { name: "x", type: vector, access: "read", buffer: buffers.x },
    { name: "weight", type: "vec4f", access: "read", buffer: buffers.weight },
    { name: "dy", type: vector, access: "read", buffer: buffers.dy },
    { name: "dx", type: vector, access: "read_write", buffer: buffers.dx },
    { name: "parts", type: "vec4f", access: "read_write", buffer: buffers.parts },
  ];
  if (normed !== undefined) {
    bindings.push({ name: "normed", type: vector, access: "read_write", buffer: normed });
  }
  return dispatch(device, {
    label,
    code,
    bindings,
    workgroups: Math.ceil(rows / NORM_BLOCK),
    flops: 12 * rows * width,
    bytes: (3 + (residual ? 1 : 0) + (normed ? 1 : 0)) * rows * width * bytesOf(element),
  });
}
