/**
 * The gradient of attention on subgroup matrices, as `attention_tensor.ts` computes it: probabilities are recomputed from the saved
 * log-sums, once for dQ and once for dK and dV.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { attentionBytes, causalFlops } from "./attention.ts";
import { type AttentionGradientBuffers, attentionPulls } from "./attention_gradient.ts";
import { type AttentionTiles, ENABLES, Layout, ZERO } from "./attention_tensor_layout.ts";
import {
  bringSides,
  declareCopies,
  eachEight,
  GRADIENTS,
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
import { type Binding, dispatch, unroll } from "./kernel.ts";
import type { HeadsShape } from "./rotary.ts";

/** The fastest on an H100 at d = 64, of 4 and 8 subgroups and tiles of 16 and 32, for both kernels. */
const TILES: AttentionTiles = { subgroups: 4, tile: 16 };

/** As `attentionBackward`. */
export function tensorAttentionBackward(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
): Promise<Dispatch[]> {
  return Promise.all([
    attentionPulls(device, `${label}.pulls`, shape, buffers),
    tensorQueryGradient(device, `${label}.queries`, shape, buffers),
    tensorKeyValueGradient(device, `${label}.keys`, shape, buffers),
  ]);
}

/** Bindings of both gradient kernels. */
function gradientBindings(buffers: AttentionGradientBuffers): Binding[] {
  return [
    { name: "states", type: "vec4<u32>", access: "read", buffer: buffers.queryKeyValue },
    { name: "starts", type: "u32", access: "read", buffer: buffers.starts },
    { name: "logSums", type: "f32", access: "read", buffer: buffers.logSums },
    { name: "outputGradient", type: "vec4<u32>", access: "read", buffer: buffers.outputGradient },
    { name: "pulls", type: "f32", access: "read", buffer: buffers.pulls },
    { name: "parts", type: "vec4<u32>", access: "read_write", buffer: buffers.parts },
  ];
}

/** dQ += dS·K over key tiles, dS = P ∘ (dO·Vᵀ − pull)/√d. */
export function tensorQueryGradient(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
  tiles: AttentionTiles = TILES,
): Promise<Dispatch> {
  const layout = new Layout(shape, tiles, ["keys", "values"], ["scores", "slopes"], ["scoreGradients"]);
  const { rows, threads, depth } = layout;
  const slope = (offset: 0 | 1) =>
    `exp2(${scoresAt(layout, "scores", offset)} * (SCALE * LOG2_E) - side.x)
      * (${scoresAt(layout, "slopes", offset)} - side.y) * SCALE`;
  const code = `
${layout.constants}
${layout.memory}
// Log-sum in powers of 2, pull, and first visible key of each row.
var<workgroup> sides: array<vec3f, ${rows}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let subgroup = lane / 32;
  let first = (${layout.grid[0] - 1} - id.x) * ROWS;
  let base = id.z * LENGTH;
  let keyAt = (HEADS + id.y / GROUP) * PIECES;
  ${ownFragments(layout, "q", QUERIES)}
  ${ownFragments(layout, "g", GRADIENTS)}
  if (lane < ROWS) {
    let row = base + min(first + lane, LENGTH - 1);
    sides[lane] = vec3f(logSums[id.y * ALL_ROWS + row] * LOG2_E, pulls[id.y * ALL_ROWS + row], f32(starts[row]));
  }
  ${unroll(depth, (c) => `var d${c} = ${ZERO};`)}
  ${declareCopies(layout, [KEYS, VALUES])}
  let lastRow = min(first + ROWS, LENGTH) - 1;
  let start = starts[base + first] / TILE * TILE;
  ${readSides(layout, [KEYS, VALUES], "start")}
  for (var begin = start; begin <= lastRow; begin += TILE) {
    ${bringSides(layout, [KEYS, VALUES])}
    ${scoreProduct(layout, "q", KEYS, "scores")}
    ${scoreProduct(layout, "g", VALUES, "slopes")}
    workgroupBarrier();
    let whole = begin + TILE <= first + 1 && begin >= starts[base + lastRow];
    ${
    eachEight(
      layout,
      `let side = sides[row];
    let query = first + row;
    let visible = u32(side.z);
    let key = begin + column + vec4u(0, 1, 2, 3);
    memory[${layout.at("scoreGradients")} + to] = packed(
      select(vec4f(), ${slope(0)}, vec4<bool>(whole) | ((key <= vec4u(query)) & (key >= vec4u(visible)))),
      select(vec4f(), ${
        slope(1)
      }, vec4<bool>(whole) | ((key + 4 <= vec4u(query)) & (key + 4 >= vec4u(visible)))),
    );`,
    )
  }
    workgroupBarrier();
    ${mixProduct(layout, "scoreGradients", KEYS, "d")}
  }
  ${writeOut(layout, "d", "parts", "((base + first + row) * 3 * HEADS + id.y) * PIECES", "1")}
}`;
  return dispatch(device, {
    label,
    code,
    enables: ENABLES,
    bindings: gradientBindings(buffers),
    workgroups: layout.grid,
    flops: causalFlops(shape, 3),
    bytes: attentionBytes(shape),
  });
}

/** For each query head: dV += Pᵀ·dO and dK += dSᵀ·Q over query tiles. */
export function tensorKeyValueGradient(
  device: Device,
  label: string,
  shape: HeadsShape,
  buffers: AttentionGradientBuffers,
  tiles: AttentionTiles = TILES,
): Promise<Dispatch> {
  const layout = new Layout(
    shape,
    tiles,
    ["queries", "gradients"],
    ["scores", "slopes"],
    ["chances", "scoreGradients"],
  );
  const { threads, depth } = layout;
  const four = (k: 0 | 1) => `
    let query${k} = begin + column + ${4 * k} + vec4u(0, 1, 2, 3);
    let sees${k} = vec4<bool>(whole) | ((vec4u(key) <= query${k}) & (query${k} < vec4u(LENGTH))
      & (vec4u(key) >= visible[column / 4 + ${k}]));
    let p${k} = select(vec4f(), exp2(${
    scoresAt(layout, "scores", k)
  } * (SCALE * LOG2_E) - logs[column / 4 + ${k}]), sees${k});
    let ds${k} = p${k} * (${scoresAt(layout, "slopes", k)} - columnPulls[column / 4 + ${k}]) * SCALE;`;
  const code = `
${layout.constants}
${layout.memory}
// Log-sum in powers of 2, pull, and first visible key of each query, by four.
var<workgroup> logs: array<vec4f, ${tiles.tile / 4}>;
var<workgroup> columnPulls: array<vec4f, ${tiles.tile / 4}>;
var<workgroup> visible: array<vec4u, ${tiles.tile / 4}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let subgroup = lane / 32;
  let first = id.x * ROWS;
  let base = id.z * LENGTH;
  let keyAt = (HEADS + id.y / GROUP) * PIECES;
  ${ownFragments(layout, "k", KEYS)}
  ${ownFragments(layout, "v", VALUES)}
  ${unroll(depth, (c) => `var dk${c} = ${ZERO};\n  var dv${c} = ${ZERO};`)}
  ${declareCopies(layout, [QUERIES, GRADIENTS])}
  ${readSides(layout, [QUERIES, GRADIENTS], "first")}
  for (var begin = first; begin < LENGTH; begin += TILE) {
    // Later queries begin no earlier: none of them sees this tile.
    if (starts[base + begin] >= first + ROWS) { break; }
    if (lane < TILE / 4) {
      let rows = vec4u(base) + min(begin + 4 * lane + vec4u(0, 1, 2, 3), vec4u(LENGTH - 1));
      let at = id.y * ALL_ROWS + rows;
      logs[lane] = vec4f(logSums[at.x], logSums[at.y], logSums[at.z], logSums[at.w]) * LOG2_E;
      columnPulls[lane] = vec4f(pulls[at.x], pulls[at.y], pulls[at.z], pulls[at.w]);
      visible[lane] = vec4u(starts[rows.x], starts[rows.y], starts[rows.z], starts[rows.w]);
    }
    ${bringSides(layout, [QUERIES, GRADIENTS])}
    ${scoreProduct(layout, "k", QUERIES, "scores")}
    ${scoreProduct(layout, "v", GRADIENTS, "slopes")}
    workgroupBarrier();
    let lastRow = min(begin + TILE, LENGTH) - 1;
    let whole = begin + 1 >= first + ROWS && begin + TILE <= LENGTH && starts[base + lastRow] <= first;
    ${
    eachEight(
      layout,
      `let key = first + row;
    ${four(0)}
    ${four(1)}
    memory[${layout.at("chances")} + to] = packed(p0, p1);
    memory[${layout.at("scoreGradients")} + to] = packed(ds0, ds1);`,
    )
  }
    workgroupBarrier();
    ${mixProduct(layout, "chances", GRADIENTS, "dv")}
    ${mixProduct(layout, "scoreGradients", QUERIES, "dk")}
  }
  ${writeOut(layout, "dk", "parts", "((base + first + row) * 3 * HEADS + HEADS + id.y) * PIECES", "1")}
  ${writeOut(layout, "dv", "parts", "((base + first + row) * 3 * HEADS + 2 * HEADS + id.y) * PIECES", "1")}
}`;
  return dispatch(device, {
    label,
    code,
    enables: ENABLES,
    bindings: gradientBindings(buffers),
    workgroups: layout.grid,
    flops: causalFlops(shape, 4),
    bytes: attentionBytes(shape),
  });
}
