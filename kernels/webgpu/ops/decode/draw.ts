/**
 * Drawing tokens where the logits are, by the rule of `sampleToken`: what reaches a threshold may be drawn, by id.
 *
 * First up to 256 workgroups a row take a block of the vocabulary each: its largest and smallest logit and its share of the
 * softmax. Then one workgroup a row finds the thresholds digit by digit, the largest digit first, from histograms of the
 * distance to the largest logit; and the token from sums of blocks. Probabilities are whole numbers of 2⁻³⁰, so that sums do
 * not depend on their order.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { dispatch, largestFunction, totalFunction } from "../kernel.ts";
import { BLOCKS, PICK, SCAN, SEARCH } from "./draw_functions.ts";

/** Where each setting of a row stands; a row has four floats. */
export const DRAW = {
  /** 1 / temperature; 0 takes the likeliest token. */
  inverseTemperature: 0,
  /** 1: all. */
  topP: 1,
  /** A whole number; 0: all. */
  topK: 2,
} as const;

/** Floats of a row's settings. */
export const DRAW_LENGTH = 4;

/** Drawn where a logit is no number. */
export const NO_TOKEN = 0xffffffff;

/** What is drawn from. */
export interface DrawShape {
  readonly rows: number;
  readonly slots: number;
  /** V, below 2²⁴. */
  readonly vocabularySize: number;
}

/** Buffers of both kernels. */
export interface DrawBuffers {
  readonly rows: GPUBuffer;
  /** [slots × V] in f32. */
  readonly logits: GPUBuffer;
  /** [rows × `DRAW`]. */
  readonly settings: GPUBuffer;
  /** Of each step and row [steps × rows]. */
  readonly uniforms: GPUBuffer;
  /** [rows × 256 × 4]. */
  readonly blocks: GPUBuffer;
  /** Token ids [steps × rows]. */
  readonly drawn: GPUBuffer;
}

/** Logits of a block: one for each thread at least, and as many as make 256 blocks at most. */
function blockSize(vocabularySize: number): number {
  return Math.max(BLOCKS, Math.ceil(vocabularySize / BLOCKS));
}

/** Bytes of `blocks`. */
export function blockBytes(rows: number): number {
  return rows * BLOCKS * 16;
}

function constants({ slots, vocabularySize }: DrawShape): string {
  return `
const V = ${vocabularySize}u;
const BLOCK = ${blockSize(vocabularySize)}u;
const THREADS = ${BLOCKS}u;
const NONE = -1e30f;
// A row without a slot reads some logits, and nobody reads what it draws.
fn firstLogit(slot: u32) -> u32 { return min(slot, ${slots - 1}u) * V; }
${largestFunction("f32", BLOCKS)}
${totalFunction("f32", BLOCKS)}`;
}

/** Largest logit, its id (`NO_TOKEN` where a logit is no number), Σ e^((logit − largest)/temperature), smallest logit of each block. */
export function logitBlocks(
  device: Device,
  label: string,
  shape: DrawShape,
  buffers: DrawBuffers,
): Promise<Dispatch> {
  const { rows, vocabularySize } = shape;
  const code = `
${constants(shape)}
var<workgroup> strange: atomic<u32>;
@compute @workgroup_size(${BLOCKS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let first = firstLogit(rows[id.y].y);
  let sharpness = settings[id.y].x;
  let end = min((id.x + 1) * BLOCK, V);
  var most = NONE;
  var least = -NONE;
  var likeliest = 0u;
  for (var i = id.x * BLOCK + index; i < end; i += THREADS) {
    let logit = logits[first + i];
    if ((bitcast<u32>(logit) & 0x7f800000u) == 0x7f800000u) { atomicStore(&strange, 1u); }
    if (logit > most) { most = logit; likeliest = i; }
    least = min(least, logit);
  }
  let top = largest(most, index);
  // Ids are exact in f32; the first among equals has the largest negative one.
  let winner = -largest(select(NONE, -f32(likeliest), most == top), index);
  let bottom = -largest(-least, index);
  var sum = 0f;
  for (var i = id.x * BLOCK + index; i < end; i += THREADS) { sum += exp((logits[first + i] - top) * sharpness); }
  let mass = total(sum, index);
  if (index == 0) {
    let token = select(u32(winner), ${NO_TOKEN}u, atomicLoad(&strange) == 1);
    blocks[id.y * THREADS + id.x] = vec4u(bitcast<u32>(top), token, bitcast<u32>(mass), bitcast<u32>(bottom));
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "rows", type: "vec4u", access: "read", buffer: buffers.rows },
      { name: "logits", type: "f32", access: "read", buffer: buffers.logits },
      { name: "settings", type: "vec4f", access: "read", buffer: buffers.settings },
      { name: "blocks", type: "vec4u", access: "read_write", buffer: buffers.blocks },
    ],
    workgroups: [Math.ceil(vocabularySize / blockSize(vocabularySize)), rows, 1],
    flops: 4 * rows * vocabularySize,
    bytes: 4 * rows * vocabularySize,
  });
}

/** Draws each row's token and moves the row on: token, position and step. */
export function drawTokens(
  device: Device,
  label: string,
  shape: DrawShape,
  buffers: DrawBuffers,
): Promise<Dispatch> {
  const { rows, vocabularySize } = shape;
  const code = `
${constants(shape)}
${SCAN}
${SEARCH}
${PICK}
@compute @workgroup_size(${BLOCKS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = rows[id.x];
  let first = firstLogit(row.y);
  let setting = settings[id.x];
  let block = blocks[id.x * THREADS + index];
  // Blocks beyond a small vocabulary are empty.
  let most = select(NONE, bitcast<f32>(block.x), index * BLOCK < V);
  let top = largest(most, index);
  let strange = largest(select(0f, 1f, index * BLOCK < V && block.y == ${NO_TOKEN}u), index) == 1;
  if (index == 0) { chosen = 0; }
  if (setting.x == 0) {
    let winner = -largest(select(NONE, -f32(block.y), most == top), index);
    if (index == 0) { chosen = u32(winner); }
  } else {
    let mass = select(0f, bitcast<f32>(block.z) * exp((most - top) * setting.x), index * BLOCK < V);
    let bottom = -largest(select(NONE, -bitcast<f32>(block.w), index * BLOCK < V), index);
    let range = top - bottom;
    let view = View(first, top, select(0f, 4294967040f / range, range > 0), setting.x, 1073741824 / total(mass, index));
    var threshold = ${NO_TOKEN}u;
    if (setting.z > 0) { threshold = search(view, true, min(u32(setting.z), V), index); }
    if (setting.y < 1) {
      let limit = u32(setting.y * f32(massUpTo(view, threshold, index)));
      threshold = search(view, false, max(limit, 1), index);
    }
    pick(view, threshold, uniforms[row.w * ${rows} + id.x], index);
  }
  workgroupBarrier();
  if (index == 0) {
    drawn[row.w * ${rows} + id.x] = select(chosen, ${NO_TOKEN}u, strange);
    rows[id.x] = vec4u(select(chosen, 0u, strange), row.y, row.z + 1, row.w + 1);
  }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "rows", type: "vec4u", access: "read_write", buffer: buffers.rows },
      { name: "logits", type: "f32", access: "read", buffer: buffers.logits },
      { name: "settings", type: "vec4f", access: "read", buffer: buffers.settings },
      { name: "uniforms", type: "f32", access: "read", buffer: buffers.uniforms },
      { name: "blocks", type: "vec4u", access: "read", buffer: buffers.blocks },
      { name: "drawn", type: "u32", access: "read_write", buffer: buffers.drawn },
    ],
    workgroups: [rows, 1, 1],
    bytes: 4 * rows * vocabularySize,
  });
}
