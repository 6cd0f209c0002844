/**
 * Squared norms of gradients from products between positions, without the gradients.
 *
 * A sequence's gradient G = Σₜ dyₜ·xₜᵀ has ‖G‖² = Σₜₛ (xₜ·xₛ)(dyₜ·dyₛ); an embedding's rows that tokens gathered have
 * Σₜₛ [tokenₜ = tokenₛ] dₜ·dₛ; and a tied embedding has between the two 2 Σₜₛ dzₛ[tokenₜ] (hₛ·dₜ), with dz the gradients of the logits.
 * All three are sums over pairs of positions of a product of vectors times another factor. A workgroup computes tiles of 64 × 64
 * pairs in f32; where x and dy are symmetric, only those on and below the diagonal.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import {
  PARTS,
  partsBinding,
  partsGrid,
  readable,
  type SequenceRows,
  THREADS,
  tokensBinding,
} from "./influence_parts.ts";
import { type Binding, bytesOf, dispatch, type Element, totalFunction, unroll } from "./kernel.ts";
import type { Matrix } from "./product_spec.ts";
import { bind } from "./product_spec.ts";

/** Positions of a tile's side. */
const TILE = 64;
/** Elements of the vectors that are in workgroup memory at a time. */
const DEPTH = 16;
/** vec4 from one element to the next in workgroup memory: padded against bank conflicts. */
const STRIDE = TILE / 4 + 1;

/** Multiply-adds of `gramNorms` a sequence. */
export function gramWork(length: number, inputs: number, outputs: number): number {
  return length * (length + TILE) / 2 * (inputs + outputs);
}

/** parts += ‖Σₜ dyₜ·xₜᵀ‖² of each sequence, for x [rows × inputs] and dy [rows × outputs]. */
export function gramNorms(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly inputs: number; readonly outputs: number },
  buffers: { readonly x: Matrix; readonly dy: Matrix; readonly parts: GPUBufferBinding },
): Promise<Dispatch> {
  const { sequences, length, inputs, outputs } = shape;
  const rows = sequences * length;
  const x = readable("x", buffers.x, rows, inputs);
  const dy = readable("dy", buffers.dy, rows, outputs);
  return pairs(device, label, shape, buffers.parts, {
    bindings: [x.binding, dy.binding],
    functions: x.code + dy.code,
    symmetric: true,
    tile: (length) =>
      tileProducts("first", "x", "x", inputs, length) + tileProducts("second", "dy", "dy", outputs, length),
    term: (i) => `dot(first${i}, second${i})`,
    flops: 2 * sequences * gramWork(length, inputs, outputs),
    bytes: x.bytes + dy.bytes,
  });
}

/** parts += Σₜₛ [tokenₜ = tokenₛ] dₜ·dₛ of each sequence, for d [rows × width]. */
export function gatherNorms(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly width: number },
  buffers: { readonly d: Matrix; readonly tokens: GPUBuffer; readonly parts: GPUBufferBinding },
): Promise<Dispatch> {
  const { sequences, length, width } = shape;
  const d = readable("d", buffers.d, sequences * length, width);
  return pairs(device, label, shape, buffers.parts, {
    bindings: [d.binding, tokensBinding(buffers.tokens)],
    functions: d.code,
    symmetric: true,
    tile: (length) => tileProducts("first", "d", "d", width, length),
    term: (i) => `dot(first${i}, sameToken(base + row + ${i}u, base + column))`,
    extra: `
fn sameToken(row: u32, column: u32) -> vec4f {
  let token = tokens[min(row, ${sequences * length - 1}u)];
  var result = vec4f();
  for (var i = 0u; i < 4; i++) {
    if (column + i < ${sequences * length}u && tokens[column + i] == token) { result[i] = 1; }
  }
  return result;
}`,
    flops: 2 * sequences * gramWork(length, width, 0),
    bytes: d.bytes,
  });
}

/** parts += 2 Σₜₛ kept[s, t] (hₛ·dₜ) of each sequence, for h and d [rows × width], and `keepTokenGradients`' [rows × length]. */
export function tiedNorms(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly width: number },
  buffers: {
    readonly h: Matrix;
    readonly d: Matrix;
    readonly kept: Matrix;
    readonly parts: GPUBufferBinding;
  },
): Promise<Dispatch> {
  const { sequences, length, width } = shape;
  const rows = sequences * length;
  const h = readable("h", buffers.h, rows, width);
  const d = readable("d", buffers.d, rows, width);
  const kept = readable("kept", buffers.kept, rows, length);
  return pairs(device, label, shape, buffers.parts, {
    bindings: [h.binding, d.binding, kept.binding],
    functions: h.code + d.code + kept.code,
    symmetric: false,
    tile: (length) => tileProducts("first", "h", "d", width, length),
    term: (i) => `2 * dot(first${i}, kept_read(base + row + ${i}u, column))`,
    flops: 2 * sequences * length ** 2 * width,
    bytes: h.bytes + d.bytes + kept.bytes,
  });
}

/** kept[s, t] = dzₛ[tokenₜ] for positions s and t of one sequence: logit gradients dz [rows × stride] → kept [rows × length]. */
export function keepTokenGradients(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly element: Element; readonly stride: number },
  buffers: { readonly logits: GPUBuffer; readonly tokens: GPUBufferBinding; readonly kept: Matrix },
): Promise<Dispatch> {
  const { sequences, length, element, stride } = shape;
  const count = sequences * length * length;
  const { operand, binding } = bind(label, buffers.kept, sequences * length, length, "read_write");
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= ${count}u) { return; }
  let row = i / ${length}u;
  kept[i + ${operand.offset}u] = logits[row * ${stride}u + tokens[row / ${length}u * ${length}u + i % ${length}u]];
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "logits", type: element, access: "read", buffer: buffers.logits },
      { name: "tokens", type: "u32", access: "read", buffer: buffers.tokens },
      { name: "kept", type: element, access: "read_write", buffer: binding },
    ],
    workgroups: Math.ceil(count / THREADS),
    bytes: 2 * count * bytesOf(element),
  });
}

/** What the kernels over pairs of positions differ in. */
interface PairKernel {
  readonly bindings: readonly Binding[];
  /** WGSL of the functions that read. */
  readonly functions: string;
  readonly extra?: string;
  /** Whether a pair and its mirror image give the same. */
  readonly symmetric: boolean;
  /** WGSL that makes sums of an invocation's 4 × 4 pairs. */
  readonly tile: (length: number) => string;
  /** WGSL of what row i of them gives. */
  readonly term: (i: number) => string;
  readonly flops: number;
  readonly bytes: number;
}

function pairs(
  device: Device,
  label: string,
  { sequences, length }: SequenceRows,
  parts: GPUBufferBinding,
  kernel: PairKernel,
): Promise<Dispatch> {
  const { bindings, functions, extra = "", symmetric, tile, term, flops, bytes } = kernel;
  const tiles = Math.ceil(length / TILE);
  const code = `
${functions}
${extra}
${totalFunction("f32", THREADS)}
var<workgroup> leftTile: array<vec4f, ${DEPTH * STRIDE}>;
var<workgroup> rightTile: array<vec4f, ${DEPTH * STRIDE}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = id.y * ${length}u;
  let down = lane / ${TILE / 4}u;
  let across = lane % ${TILE / 4}u;
  var share = 0f;
  for (var pair = id.x; pair < ${tiles * tiles}u; pair += ${PARTS}) {
    let tileRow = pair / ${tiles}u * ${TILE}u;
    let tileColumn = pair % ${tiles}u * ${TILE}u;
    ${symmetric ? "if (tileColumn > tileRow) { continue; }" : ""}
    ${tile(length)}
    let row = tileRow + 4 * down;
    let column = tileColumn + 4 * across;
    let sum = ${[0, 1, 2, 3].map(term).join(" + ")};
    share += ${symmetric ? "select(2f, 1f, tileRow == tileColumn) * " : ""}sum;
  }
  let sum = total(share, lane);
  if (lane == 0) { parts[id.y * ${PARTS} + id.x] += sum; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [...bindings, partsBinding(parts)],
    workgroups: partsGrid(sequences),
    flops,
    bytes,
  });
}

/** WGSL of `${name}0` … `${name}3`: an invocation's 4 × 4 products of rows of `left` and of `right`, 0 beyond the sequence. */
function tileProducts(name: string, left: string, right: string, width: number, length: number): string {
  const load = (tile: string, read: string, corner: string) => `
        let ${tile}Row = ${corner} + lane / ${DEPTH / 4}u;
        var ${tile}Piece = vec4f();
        if (${tile}Row < ${length}u) { ${tile}Piece = ${read}_read(base + ${tile}Row, depth + inDepth); }`;
  const store = (tile: string) =>
    unroll(
      4,
      (e) =>
        `${tile}Tile[(inDepth + ${e}u) * ${STRIDE}u + lane / ${DEPTH}u][lane / ${
          DEPTH / 4
        }u % 4u] = ${tile}Piece[${e}];`,
    );
  return `
    ${unroll(4, (i) => `var ${name}${i} = vec4f();`)}
    {
      let inDepth = lane % ${DEPTH / 4}u * 4u;
      for (var depth = 0u; depth < ${width}u; depth += ${DEPTH}u) {
        ${load("left", left, "tileRow")}
        ${load("right", right, "tileColumn")}
        workgroupBarrier();
        ${store("left")}
        ${store("right")}
        workgroupBarrier();
        for (var k = 0u; k < ${DEPTH}; k++) {
          let l = leftTile[k * ${STRIDE}u + down];
          let r = rightTile[k * ${STRIDE}u + across];
          ${unroll(4, (i) => `${name}${i} += l.${"xyzw"[i]} * r;`)}
        }
      }
    }`;
}
