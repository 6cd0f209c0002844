/**
 * Attention of many rows over their slots' caches on subgroup matrices: `cachedAttention` with the arithmetic of
 * `tensorAttention`, whose reliance on QK-norm it shares.
 *
 * A workgroup takes tiles of 32 rows with one slot, and all query heads that share a key and value head: two subgroups a head,
 * so that a tile of keys and values is read once for up to 128 queries.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { shiftOf } from "../attention_tensor.ts";
import { ENABLES, Layout, RIGHT, ZERO } from "../attention_tensor_layout.ts";
import {
  bringSides,
  declareCopies,
  eachEight,
  eachSumPiece,
  fragmentsOf,
  mixProduct,
  readSides,
  scoreProduct,
  scoresAt,
  type Side,
} from "../attention_tensor_sides.ts";
import { dispatch, unroll } from "../kernel.ts";
import type { CacheShape } from "./cache.ts";
import { attentionBytes, type AttentionSize, type CachedAttentionBuffers } from "./cached_attention.ts";
import { NO_SLOT } from "./rows.ts";

/** Rows of a workgroup: two fragments. */
export const TENSOR_TILE = 32;

/** Most query heads to a key and value head: eight subgroups. */
const MOST_GROUP = 4;

const KEYS: Side = { name: "keys", buffer: "keyCache", at: "row * PIECES" };
const VALUES: Side = { name: "values", buffer: "valueCache", at: "row * PIECES" };

/** Whether a model's attention can use this kernel on a device. */
export function suitsTensorCache(device: Device, shape: CacheShape): boolean {
  return device.tier === "tensor" && shape.queryKeyNorm === "after rope" && shape.headSize % 16 === 0 &&
    shape.headSize <= 128 && shape.heads / shape.keyValueHeads <= MOST_GROUP;
}

/** As `cachedAttention`, of tiles of `TENSOR_TILE` rows. */
export function tensorCachedAttention(
  device: Device,
  label: string,
  shape: CacheShape,
  size: AttentionSize,
  buffers: CachedAttentionBuffers,
): Promise<Dispatch> {
  const { slots, capacity, heads, keyValueHeads, headSize, normEpsilon } = shape;
  const { rows, splits } = size;
  const subgroups = 2 * heads / keyValueHeads;
  const layout = new Layout(
    { ...shape, element: "f16", sequences: slots, length: capacity, queryKeyEpsilon: normEpsilon },
    { subgroups, tile: 16 },
    ["keys", "values"],
    ["scores"],
    ["chances"],
  );
  const { threads, depth } = layout;
  const shift = shiftOf(headSize);
  const chance = (offset: 0 | 1) =>
    `exp2(${scoresAt(layout, "scores", offset)} * (SCALE * LOG2_E) - f32(${shift * Math.LOG2E}))`;
  const share = splits * layout.tiles.tile;
  /** Four numbers of a piece: its half of an output, or of a split's part. */
  const write = (half: 0 | 1, value: string) =>
    splits === 1
      ? `output[2 * (query * PIECES + piece) + ${half}] = ${value} / totals[row];`
      : `parts[2 * ((query * ${splits} + id.x) * PIECES + piece) + ${half}] = ${value};`;
  const code = `
${layout.constants}
${layout.memory}
var<workgroup> unit: array<vec4<u32>, 32>;
var<workgroup> totals: array<f32, ${layout.rows}>;
var<workgroup> lengths: array<u32, ${TENSOR_TILE}>;
fn lengthOf(row: vec4u) -> u32 { return select(row.z + 1, 0u, row.y == ${NO_SLOT}u); }
// The number among all queries of an own row: those of one head lie side by side.
fn queryOf(id: vec3u, own: u32) -> u32 {
  return (id.z * ${TENSOR_TILE} + own % ${TENSOR_TILE}) * HEADS + id.y * GROUP + own / ${TENSOR_TILE};
}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let subgroup = lane / 32;
  let base = (min(rows[id.z * ${TENSOR_TILE}].y, ${slots - 1}u) * KEY_HEADS + id.y) * LENGTH;
  var longest = 0u;
  var shortest = LENGTH;
  for (var r = 0u; r < ${TENSOR_TILE}; r++) {
    let length = lengthOf(rows[id.z * ${TENSOR_TILE} + r]);
    longest = max(longest, length);
    shortest = min(shortest, length);
  }
  if (lane < ${TENSOR_TILE}) { lengths[lane] = lengthOf(rows[id.z * ${TENSOR_TILE} + lane]); }
  // A 16 × 16 matrix of ones: 0x3c00 is 1 in f16.
  if (lane < 32) { unit[lane] = vec4<u32>(0x3c003c00u); }
  ${
    fragmentsOf(
      layout,
      "q",
      `let source = 2 * (queryOf(id, i / PIECES) * PIECES + i % PIECES);
  let piece = packed(queries[source], queries[source + 1]);`,
    )
  }
  let ones = subgroupMatrixLoad<${RIGHT}, row_major>(&unit, 0, 2);
  var total = ${ZERO};
  ${unroll(depth, (c) => `var o${c} = ${ZERO};`)}
  ${declareCopies(layout, [KEYS, VALUES])}
  // Whole tiles of keys for each split.
  let share = (longest + ${share - 1}) / ${share} * TILE;
  let start = min(id.x * share, longest);
  let end = min(start + share, longest);
  ${readSides(layout, [KEYS, VALUES], "start")}
  for (var begin = start; begin < end; begin += TILE) {
    ${bringSides(layout, [KEYS, VALUES])}
    ${scoreProduct(layout, "q", KEYS, "scores")}
    workgroupBarrier();
    if (begin + TILE <= shortest) {
      ${eachEight(layout, `memory[${layout.at("chances")} + to] = packed(${chance(0)}, ${chance(1)});`)}
    } else {
      ${
    eachEight(
      layout,
      `let length = vec4u(lengths[row % ${TENSOR_TILE}]);
      let key = begin + column + vec4u(0, 1, 2, 3);
      memory[${layout.at("chances")} + to] = packed(
        select(vec4f(), ${chance(0)}, key < length),
        select(vec4f(), ${chance(1)}, key + 4 < length),
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
    ${
    splits === 1
      // A row without a slot sees nothing and gets zeros.
      ? "totals[lane] = select(sum, 1f, sum == 0);"
      : `partSums[queryOf(id, lane) * ${splits} + id.x] = vec2f(f32(${shift}), sum);`
  }
  }
  ${
    eachSumPiece(
      layout,
      "o",
      `let query = queryOf(id, row);
  ${write(0, "low")}
  ${write(1, "high")}`,
    )
  }
}`;
  return dispatch(device, {
    label,
    code,
    enables: ENABLES,
    bindings: [
      { name: "rows", type: "vec4u", access: "read", buffer: buffers.rows },
      { name: "queries", type: "vec4f", access: "read", buffer: buffers.queries },
      { name: "keyCache", type: "vec4<u32>", access: "read", buffer: buffers.keys },
      { name: "valueCache", type: "vec4<u32>", access: "read", buffer: buffers.values },
      ...(splits === 1
        ? [{ name: "output", type: "vec4f", access: "read_write", buffer: buffers.output } as const]
        : [
          { name: "parts", type: "vec4f", access: "read_write", buffer: buffers.parts } as const,
          { name: "partSums", type: "vec2f", access: "read_write", buffer: buffers.partSums } as const,
        ]),
    ],
    workgroups: [splits, keyValueHeads, rows / TENSOR_TILE],
    flops: 0,
    bytes: attentionBytes(shape, size),
  });
}
