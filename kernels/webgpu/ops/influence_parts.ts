/**
 * Products of gradients, sequence by sequence, as sums over rows: the parts that workgroups leave, and their total.
 *
 * A result belongs to one sequence. Each of its PARTS workgroups adds what it found to a part of its own, so that several
 * kernels can contribute to one result, and the last kernel adds the parts in order.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { type Binding, bytesOf, dispatch, totalFunction } from "./kernel.ts";
import type { Matrix } from "./product_spec.ts";
import { bind } from "./product_spec.ts";
import { operandBinding, readFunction } from "./product_tile.ts";

/** Parts of a result, and so the workgroups that share a sequence: with their 4 bytes each, a binding may begin at any sequence. */
export const PARTS = 64;

/** Threads of a workgroup. */
export const THREADS = 256;

/** Sequences whose rows follow each other. */
export interface SequenceRows {
  readonly sequences: number;
  /** Rows of a sequence. */
  readonly length: number;
}

/** A view as a kernel reads it: its binding, and WGSL of `name_read(row, column)`, four elements in f32, zeros outside. */
export function readable(name: string, matrix: Matrix, rows: number, columns: number) {
  const { operand, binding } = bind(name, matrix, rows, columns, "read");
  return {
    binding: operandBinding(name, operand, binding),
    code: readFunction(name, operand, false),
    bytes: rows * columns * bytesOf(matrix.type),
  };
}

/** The binding `parts` [sequences × PARTS], which kernels add to. */
export function partsBinding(buffer: GPUBufferBinding): Binding {
  return { name: "parts", type: "f32", access: "read_write", buffer };
}

/** The grid of kernels that leave parts: a workgroup for each part and sequence. */
export function partsGrid(sequences: number): readonly [number, number, number] {
  return [PARTS, sequences, 1];
}

/** parts += Σ a∘b over each sequence's rows, for a and b [sequences · length × width]; width a multiple of 4. */
export function sequenceDots(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly width: number },
  { a, b, parts }: { readonly a: Matrix; readonly b: Matrix; readonly parts: GPUBufferBinding },
): Promise<Dispatch> {
  const { sequences, length, width } = shape;
  const rows = sequences * length;
  const [left, right] = [readable("a", a, rows, width), readable("b", b, rows, width)];
  const code = `
${left.code}
${right.code}
${
    dotFunction(`
  let row = sequence * ${length}u + i / ${width / 4}u;
  let column = i % ${width / 4}u * 4u;
  return dot(a_read(row, column), b_read(row, column));`)
  }
${partsMain(length * width / 4)}`;
  return dispatch(device, {
    label,
    code,
    bindings: [left.binding, right.binding, partsBinding(parts)],
    workgroups: partsGrid(sequences),
    flops: 2 * rows * width,
    bytes: left.bytes + right.bytes,
  });
}

/** parts += Σₜ dₜ·V[xₜ] over each sequence's positions t with tokens x, for d [sequences · length × width] and V [V × width]. */
export function gatherDots(
  device: Device,
  label: string,
  shape: SequenceRows & { readonly width: number; readonly vocabularySize: number },
  buffers: {
    readonly d: Matrix;
    readonly vector: Matrix;
    readonly tokens: GPUBuffer;
    readonly parts: GPUBufferBinding;
  },
): Promise<Dispatch> {
  const { sequences, length, width, vocabularySize } = shape;
  const rows = sequences * length;
  const d = readable("d", buffers.d, rows, width);
  const vector = readable("vector", buffers.vector, vocabularySize, width);
  const code = `
${d.code}
${vector.code}
${
    dotFunction(`
  let row = sequence * ${length}u + i / ${width / 4}u;
  let column = i % ${width / 4}u * 4u;
  return dot(d_read(row, column), vector_read(tokens[row], column));`)
  }
${partsMain(length * width / 4)}`;
  return dispatch(device, {
    label,
    code,
    bindings: [d.binding, vector.binding, tokensBinding(buffers.tokens), partsBinding(buffers.parts)],
    workgroups: partsGrid(sequences),
    flops: 2 * rows * width,
    bytes: 2 * d.bytes,
  });
}

/** The binding `tokens`. */
export function tokensBinding(buffer: GPUBuffer): Binding {
  return { name: "tokens", type: "u32", access: "read", buffer };
}

/** results [count] = the sum of each result's parts [count × PARTS]. */
export function addParts(
  device: Device,
  label: string,
  count: number,
  buffers: { readonly parts: GPUBuffer; readonly results: GPUBuffer },
): Promise<Dispatch> {
  const code = `
${totalFunction("f32", PARTS)}
@compute @workgroup_size(${PARTS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id);
  if (i >= ${count}u) { return; }
  let sum = total(parts[i * ${PARTS} + lane], lane);
  if (lane == 0) { results[i] = sum; }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "parts", type: "f32", access: "read", buffer: buffers.parts },
      { name: "results", type: "f32", access: "read_write", buffer: buffers.results },
    ],
    workgroups: count,
    flops: count * PARTS,
    bytes: 4 * count * (PARTS + 1),
  });
}

/** WGSL of `term(sequence, i)`. */
function dotFunction(body: string): string {
  return `fn term(sequence: u32, i: u32) -> f32 {${body}\n}`;
}

/** WGSL of a kernel that adds `count` terms of each sequence. */
function partsMain(count: number): string {
  return `
${totalFunction("f32", THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  var share = 0f;
  for (var i = id.x * ${THREADS} + lane; i < ${count}u; i += ${PARTS * THREADS}) { share += term(id.y, i); }
  let sum = total(share, lane);
  if (lane == 0) { parts[id.y * ${PARTS} + id.x] += sum; }
}`;
}
