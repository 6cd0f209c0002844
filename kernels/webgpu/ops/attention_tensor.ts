/**
 * Causal grouped-query attention on subgroup matrices: f16 operands, f32 sums. Its gradient is in
 * `attention_tensor_gradient.ts`.
 *
 * Fragments cannot be indexed, so a row of accumulators cannot be rescaled: instead of an online maximum this relies on
 * QK-norm. Normalised queries and keys have length √d, so scores lie in ±√d and e^score needs no maximum taken off
 * (beyond a constant that keeps it inside f16). Row sums are a product with ones, over the very f16 values that
 * weight the values. A subgroup owns 16 rows of a tile; scores go through workgroup memory for what fragments cannot do:
 * exponentials and the mask.
 *
 * Shapes it takes: QK-norm, head sizes that are multiples of 16, lengths that are multiples of 16.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { type AttentionBuffers, attentionBytes, causalFlops } from "./attention.ts";
import { type AttentionTiles, ENABLES, Layout, RIGHT, ZERO } from "./attention_tensor_layout.ts";
import {
  bringSides,
  declareCopies,
  eachEight,
  KEYS,
  mixProduct,
  ownFragments,
  QUERIES,
  readSides,
  scoreProduct,
  scoresAt,
  VALUES,
  writeOut,
} from "./attention_tensor_sides.ts";
import { dispatch, unroll } from "./kernel.ts";
import type { HeadsShape } from "./rotary.ts";

/** Whether a shape can use these kernels on a device. */
export function suitsTensorAttention(device: Device, shape: HeadsShape): boolean {
  return device.tier === "tensor" && shape.queryKeyEpsilon !== null && shape.headSize % 16 === 0 &&
    shape.headSize <= 128 && shape.length % 16 === 0;
}

/** The fastest on an H100 at d = 64, of 4 and 8 subgroups and tiles of 16 and 32. */
const TILES: AttentionTiles = { subgroups: 8, tile: 16 };

/** What is taken off every score, so that e^score stays below e⁸ < 65,504. */
export function shiftOf(headSize: number): number {
  return Math.max(0, Math.sqrt(headSize) - 8);
}

/** As `attention`. */
export function tensorAttention(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionBuffers,
  tiles: AttentionTiles = TILES,
): Promise<Dispatch> {
  const layout = new Layout(shape, tiles, ["keys", "values"], ["scores"], ["chances"]);
  const { rows, threads, depth } = layout;
  const shift = shiftOf(shape.headSize);
  const chance = (offset: 0 | 1) =>
    `exp2(${scoresAt(layout, "scores", offset)} * (SCALE * LOG2_E) - f32(${shift * Math.LOG2E}))`;
  const code = `
${layout.constants}
${layout.memory}
var<workgroup> unit: array<vec4<u32>, 32>;
var<workgroup> factors: array<f32, ${rows}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let subgroup = lane / 32;
  // The last tiles see the most keys: they go first.
  let first = (${layout.grid[0] - 1} - id.x) * ROWS;
  let base = id.z * LENGTH;
  let keyAt = (HEADS + id.y / GROUP) * PIECES;
  // A 16 × 16 matrix of ones: 0x3c00 is 1 in f16.
  if (lane < 32) { unit[lane] = vec4<u32>(0x3c003c00u); }
  ${ownFragments(layout, "q", QUERIES)}
  let ones = subgroupMatrixLoad<${RIGHT}, row_major>(&unit, 0, 2);
  var total = ${ZERO};
  ${unroll(depth, (c) => `var o${c} = ${ZERO};`)}
  ${declareCopies(layout, [KEYS, VALUES])}
  let lastRow = min(first + ROWS, LENGTH) - 1;
  let start = starts[base + first] / TILE * TILE;
  ${readSides(layout, [KEYS, VALUES], "start")}
  for (var begin = start; begin <= lastRow; begin += TILE) {
    ${bringSides(layout, [KEYS, VALUES])}
    ${scoreProduct(layout, "q", KEYS, "scores")}
    workgroupBarrier();
    if (begin + TILE <= first + 1 && begin >= starts[base + lastRow]) {
      ${eachEight(layout, `memory[${layout.at("chances")} + to] = packed(${chance(0)}, ${chance(1)});`)}
    } else {
      ${
    eachEight(
      layout,
      `let query = first + row;
      let visible = starts[base + min(query, LENGTH - 1)];
      let key = begin + column + vec4u(0, 1, 2, 3);
      memory[${layout.at("chances")} + to] = packed(
        select(vec4f(), ${chance(0)}, (key <= vec4u(query)) & (key >= vec4u(visible))),
        select(vec4f(), ${chance(1)}, (key + 4 <= vec4u(query)) & (key + 4 >= vec4u(visible))),
      );`,
    )
  }
    }
    workgroupBarrier();
    ${mixProduct(layout, "chances", VALUES, "o", "total")}
  }
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&memory, ${
    layout.at("scores")
  } + subgroup * 16 * SCORE_STRIDE, total, SCORE_STRIDE);
  workgroupBarrier();
  if (lane < ROWS) {
    let sum = bitcast<vec4f>(memory[${layout.at("scores")} + lane * SCORE_STRIDE]).x;
    factors[lane] = 1 / sum;
    if (first + lane < LENGTH) { logSums[id.y * ALL_ROWS + base + first + lane] = f32(${shift}) + log(sum); }
  }
  ${writeOut(layout, "o", "output", "((base + first + row) * HEADS + id.y) * PIECES", "factors[row]")}
}`;
  return dispatch(device, {
    label,
    code,
    enables: ENABLES,
    bindings: [
      { name: "states", type: "vec4<u32>", access: "read", buffer: buffers.queryKeyValue },
      { name: "starts", type: "u32", access: "read", buffer: buffers.starts },
      { name: "output", type: "vec4<u32>", access: "read_write", buffer: buffers.output },
      { name: "logSums", type: "f32", access: "read_write", buffer: buffers.logSums },
    ],
    workgroups: layout.grid,
    flops: causalFlops(shape, 2),
    bytes: attentionBytes(shape),
  });
}
