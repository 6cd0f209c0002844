/**
 * What stands between the products of many rows: embedding, inputs as products read them, rows picked and put.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { bytesOf, dispatch, type Element, largestFunction, totalFunction } from "../kernel.ts";
import { NO_SLOT } from "./rows.ts";
import { matrixBindings, matrixReader, piecesOf, type StoredMatrix } from "./stored_matrix.ts";
import type { InputNorm } from "./vector_sums.ts";

const THREADS = 128;

/** x [rows × D] in f32: the rows' tokens' embeddings, and zeros for rows without a slot. */
export function embedRows(
  device: Device,
  label: string,
  embedding: StoredMatrix,
  rows: number,
  buffers: { readonly rows: GPUBuffer; readonly x: GPUBuffer },
): Promise<Dispatch> {
  const { columns } = embedding;
  const [pieces, quarters] = [piecesOf(columns), columns / 4];
  const code = `
${matrixReader("embedding", embedding)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let i = workgroupIndex(id) * ${THREADS} + index;
  if (i >= ${rows * pieces}u) { return; }
  let row = i / ${pieces};
  let piece = i % ${pieces};
  var eight = mat2x4f();
  if (rows[row].y != ${NO_SLOT}u) { eight = embedding8(rows[row].x, piece); }
  x[row * ${quarters} + 2 * piece] = eight[0];
  if (2 * piece + 1 < ${quarters}) { x[row * ${quarters} + 2 * piece + 1] = eight[1]; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      ...matrixBindings("embedding", embedding),
      { name: "rows", type: "vec4u", access: "read", buffer: buffers.rows },
      { name: "x", type: "vec4f", access: "read_write", buffer: buffers.x },
    ],
    workgroups: Math.ceil(rows * pieces / THREADS),
    bytes: 8 * rows * columns,
  });
}

/** How a product's input comes about. */
export type Preparation =
  /** x [rows × columns] as it is. */
  | { readonly kind: "plain" }
  /** RMSNorm of x. */
  | { readonly kind: "norm"; readonly norm: InputNorm }
  /** silu(g)∘u of x [rows × 2·columns], g before u (SwiGLU; Shazeer, 2020). */
  | { readonly kind: "gate" };

/** An input as products of many rows read it. */
export interface PreparedShape {
  readonly element: Element;
  readonly rows: number;
  readonly columns: number;
  /** Rounds each row to whole steps of a 127th of its largest absolute value. */
  readonly rounded: boolean;
}

/** y [rows × columns] from x in f32. */
export function prepareRows(
  device: Device,
  label: string,
  { element, rows, columns, rounded }: PreparedShape,
  preparation: Preparation,
  { x, y }: { readonly x: GPUBuffer; readonly y: GPUBuffer },
): Promise<Dispatch> {
  const quarters = columns / 4;
  const norm = preparation.kind === "norm" ? preparation.norm : null;
  const entry = {
    plain: `x[row * ${quarters} + c]`,
    norm: `x[row * ${quarters} + c] * norm[c] * scale`,
    gate: `gated(x[row * ${2 * quarters} + c], x[row * ${2 * quarters} + ${quarters} + c])`,
  }[preparation.kind];
  const code = `
${norm ? totalFunction("f32", THREADS) : ""}
${rounded ? largestFunction("f32", THREADS) : ""}
fn gated(g: vec4f, u: vec4f) -> vec4f { return g / (1 + exp(-g)) * u; }
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = workgroupIndex(id);
  ${
    norm
      ? `var squares = 0f;
  for (var c = index; c < ${quarters}; c += ${THREADS}) {
    let four = x[row * ${quarters} + c];
    squares += dot(four, four);
  }
  let scale = inverseSqrt(total(squares, index) * f32(${1 / columns}) + f32(${norm.epsilon}));`
      : ""
  }
  ${
    rounded
      ? `var most = 0f;
  for (var c = index; c < ${quarters}; c += ${THREADS}) {
    let four = abs(${entry});
    most = max(most, max(max(four.x, four.y), max(four.z, four.w)));
  }
  let step = largest(most, index) / 127;
  let inverse = select(0f, 1 / step, step > 0);`
      : ""
  }
  for (var c = index; c < ${quarters}; c += ${THREADS}) {
    let four = ${entry};
    y[row * ${quarters} + c] = vec4<${element}>(${rounded ? "round(four * inverse) * step" : "four"});
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "x", type: "vec4f", access: "read", buffer: x },
      ...(norm ? [{ name: "norm", type: "vec4f", access: "read", buffer: norm.weight } as const] : []),
      { name: "y", type: `vec4<${element}>`, access: "read_write", buffer: y },
    ],
    workgroups: rows,
    flops: 4 * rows * columns,
    bytes: rows * columns * (4 + bytesOf(element)),
  });
}

/** y [count × D] = the rows of x [· × D] whose numbers stand in the place of `picks`' tokens, both in f32. */
export function pickRows(
  device: Device,
  label: string,
  count: number,
  columns: number,
  buffers: { readonly picks: GPUBuffer; readonly x: GPUBuffer; readonly y: GPUBuffer },
): Promise<Dispatch> {
  const quarters = columns / 4;
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let i = workgroupIndex(id) * ${THREADS} + index;
  if (i < ${count * quarters}) { y[i] = x[picks[i / ${quarters}].x * ${quarters} + i % ${quarters}]; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "picks", type: "vec4u", access: "read", buffer: buffers.picks },
      { name: "x", type: "vec4f", access: "read", buffer: buffers.x },
      { name: "y", type: "vec4f", access: "read_write", buffer: buffers.y },
    ],
    workgroups: Math.ceil(count * quarters / THREADS),
    bytes: 8 * count * columns,
  });
}

/** y [slots × columns] = x [rows × columns] at each row's slot, in f32. */
export function putRows(
  device: Device,
  label: string,
  count: number,
  columns: number,
  buffers: { readonly rows: GPUBuffer; readonly x: GPUBuffer; readonly y: GPUBuffer },
): Promise<Dispatch> {
  const groups = Math.ceil(columns / THREADS);
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = id.x * ${THREADS} + index;
  let slot = rows[id.y].y;
  if (column < ${columns} && slot != ${NO_SLOT}u) { y[slot * ${columns} + column] = x[id.y * ${columns} + column]; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "rows", type: "vec4u", access: "read", buffer: buffers.rows },
      { name: "x", type: "f32", access: "read", buffer: buffers.x },
      { name: "y", type: "f32", access: "read_write", buffer: buffers.y },
    ],
    workgroups: [groups, count, 1],
    bytes: 8 * count * columns,
  });
}

/** y [count × columns] = `count` rows of a 4-bit matrix from row `first` on, for products that read no packed weights. */
export function unpackRows(
  device: Device,
  label: string,
  matrix: StoredMatrix,
  { first, count }: { readonly first: number; readonly count: number },
  element: Element,
  y: GPUBuffer,
): Promise<Dispatch> {
  const pieces = piecesOf(matrix.columns);
  const code = `
${matrixReader("matrix", matrix)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let i = workgroupIndex(id) * ${THREADS} + index;
  if (i >= ${count * pieces}u) { return; }
  let eight = matrix8(${first} + i / ${pieces}, i % ${pieces});
  y[2 * i] = vec4<${element}>(eight[0]);
  y[2 * i + 1] = vec4<${element}>(eight[1]);
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      ...matrixBindings("matrix", matrix),
      { name: "y", type: `vec4<${element}>`, access: "read_write", buffer: y },
    ],
    workgroups: Math.ceil(count * pieces / THREADS),
    bytes: count * matrix.columns * (0.5 + bytesOf(element)),
  });
}
