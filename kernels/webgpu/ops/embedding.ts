/**
 * The embedding's rows and their gradient.
 *
 * A gradient row is the sum over the positions that hold its token, in order: the host sorts positions by token, a
 * workgroup takes one token. Nothing is atomic, so the same batch gives the same bits.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bytesOf, dispatch, type Element } from "./kernel.ts";

/** Rows to fetch. */
export interface GatherShape {
  readonly element: Element;
  readonly rows: number;
  /** D, a multiple of 4. */
  readonly width: number;
}

const THREADS = 128;

/** x [rows × D] = embedding[tokens]; both of the shape's element type. */
export function embed(
  device: Device,
  label: string,
  { element, rows, width }: GatherShape,
  buffers: { embedding: GPUBufferBinding; tokens: GPUBuffer; x: GPUBuffer },
): Promise<Dispatch> {
  const code = `
const WIDTH = ${width / 4}u;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= ${rows * width / 4}u) { return; }
  x[i] = embedding[tokens[i / WIDTH] * WIDTH + i % WIDTH];
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "embedding", type: `vec4<${element}>`, access: "read", buffer: buffers.embedding },
      { name: "tokens", type: "u32", access: "read", buffer: buffers.tokens },
      { name: "x", type: `vec4<${element}>`, access: "read_write", buffer: buffers.x },
    ],
    workgroups: Math.ceil(rows * width / 4 / THREADS),
    bytes: 2 * rows * width * bytesOf(element),
  });
}

/** Entries of the buffer that `tokenRuns` fills for a batch of so many rows. */
export function tokenRunsLength(rows: number): number {
  return 1 + 3 * rows + 1;
}

/**
 * Positions sorted by token: [n, n distinct tokens … (rows entries), n + 1 bounds … (rows + 1 entries), rows positions].
 *
 * @example
 * ```ts
 * import { tokenRuns } from "./embedding.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(tokenRuns(Uint32Array.of(7, 3, 7), 8), Uint32Array.of(2, 3, 7, 0, 0, 1, 3, 0, 1, 0, 2));
 * ```
 */
export function tokenRuns(tokens: Uint32Array, vocabularySize: number): Uint32Array {
  const rows = tokens.length;
  const next = new Uint32Array(vocabularySize + 1);
  // Counting sort: every index lies within the vocabulary, which the caller has checked.
  for (const token of tokens) next[token + 1] = (next[token + 1] as number) + 1;
  const runs = new Uint32Array(tokenRunsLength(rows));
  const [ids, bounds, order] = [1, 1 + rows, 2 + 2 * rows];
  let distinct = 0;
  for (let token = 0; token < vocabularySize; token++) {
    const [from, count] = [next[token] as number, next[token + 1] as number];
    if (count > 0) {
      runs[ids + distinct] = token;
      runs[bounds + distinct + 1] = from + count;
      distinct++;
    }
    next[token + 1] = from + count;
  }
  runs[0] = distinct;
  tokens.forEach((token, row) => {
    const place = next[token] as number;
    next[token] = place + 1;
    runs[order + place] = row;
  });
  return runs;
}

/** Adds dx [rows × D] to the rows of the embedding's gradient [V × D] (f32); runs as `tokenRuns`. */
export function embedBackward(
  device: Device,
  label: string,
  { element, rows, width }: GatherShape,
  buffers: { dx: GPUBuffer; runs: GPUBuffer; gradient: GPUBufferBinding },
): Promise<Dispatch> {
  const code = `
const WIDTH = ${width / 4}u;
const ROWS = ${rows}u;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let run = workgroupIndex(id);
  if (run >= runs[0]) { return; }
  let token = runs[1 + run];
  let begin = runs[1 + ROWS + run];
  let to = runs[2 + ROWS + run];
  for (var c = lane; c < WIDTH; c += ${THREADS}) {
    var sum = vec4f();
    for (var i = begin; i < to; i++) { sum += vec4f(dx[runs[2 + 2 * ROWS + i] * WIDTH + c]); }
    gradient[token * WIDTH + c] += sum;
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "dx", type: `vec4<${element}>`, access: "read", buffer: buffers.dx },
      { name: "runs", type: "u32", access: "read", buffer: buffers.runs },
      { name: "gradient", type: "vec4f", access: "read_write", buffer: buffers.gradient },
    ],
    workgroups: rows,
    flops: rows * width,
    bytes: rows * width * (bytesOf(element) + 8),
  });
}
