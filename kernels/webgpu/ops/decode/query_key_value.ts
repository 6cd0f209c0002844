/**
 * Queries, keys and values of rows into the cache: for a few rows in one kernel with their product, for many rows after it.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { bytesOf, dispatch, unroll } from "../kernel.ts";
import { type CacheShape, placeBindings, type PlaceBuffers, placeFunction } from "./cache.ts";
import { storedBytes, type StoredMatrix } from "./stored_matrix.ts";
import { type VectorInput, vectorSums } from "./vector_sums.ts";

/** Teams of a workgroup, which computes a head. */
const TEAMS = 8;

/** Most outputs that a team sums at once. */
const MOST_OUTPUTS = 4;

/** x·Wᵀ of a few rows, W [(H + 2K)·d × D], placed. */
export function vectorQueryKeyValue(
  device: Device,
  label: string,
  shape: CacheShape,
  matrix: StoredMatrix,
  input: VectorInput,
  buffers: PlaceBuffers,
): Promise<Dispatch> {
  const { headSize } = shape;
  const { rows } = input;
  const text = vectorSums(device, matrix, input, TEAMS);
  const share = Math.ceil(headSize / TEAMS);
  const perTeam = Math.min(share, MOST_OUTPUTS);
  const code = `
${text.declarations}
var<workgroup> heads: array<f32, ${rows * headSize}>;
${placeFunction(shape)}
@compute @workgroup_size(${text.threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  ${text.prologue}
  for (var step = 0u; step < ${share}; step += ${perTeam}) {
    let start = index / LANES * ${share} + step;
    ${
    text.sums(Array.from({ length: perTeam }, (_, o) =>
      `id.x * ${headSize} + min(start + ${o}, ${headSize - 1}u)`))
  }
    if (index % LANES == 0) {
      ${
    unroll(perTeam, (o) =>
      `if (step + ${o} < ${share} && start + ${o} < ${headSize}) {
        ${unroll(rows, (r) => `heads[${r * headSize}u + start + ${o}] = sum${o}_${r};`)}
      }`)
  }
    }
  }
  workgroupBarrier();
  for (var i = index; i < ${rows * headSize / 2}; i += ${text.threads}) {
    let r = i / ${headSize / 2};
    place(r, id.x, i % ${headSize / 2}, r * ${headSize});
  }
}`;
  return dispatch(device, {
    label,
    code,
    enables: text.team.enables,
    bindings: [...text.bindings, ...placeBindings(shape, buffers)],
    workgroups: [shape.heads + 2 * shape.keyValueHeads, 1, 1],
    flops: 2 * rows * matrix.rows * matrix.columns,
    bytes: storedBytes(matrix) + 4 * rows * (matrix.columns + matrix.rows),
  });
}

/** Places queries, keys and values [rows × (H + 2K)·d] in f32. */
export function placeRows(
  device: Device,
  label: string,
  shape: CacheShape,
  rows: number,
  buffers: PlaceBuffers & { readonly queryKeyValue: GPUBuffer },
): Promise<Dispatch> {
  const { headSize, heads, keyValueHeads, element } = shape;
  const all = heads + 2 * keyValueHeads;
  const threads = headSize / 2;
  const code = `
var<workgroup> heads: array<f32, ${headSize}>;
${placeFunction(shape)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) pair: u32) {
  let both = queryKeyValue[(id.y * ${all} + id.x) * ${threads} + pair];
  heads[2 * pair] = both.x;
  heads[2 * pair + 1] = both.y;
  workgroupBarrier();
  place(id.y, id.x, pair, 0);
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "queryKeyValue", type: "vec2f", access: "read", buffer: buffers.queryKeyValue },
      ...placeBindings(shape, buffers),
    ],
    workgroups: [all, rows, 1],
    flops: 9 * rows * all * headSize,
    bytes: rows * headSize * (4 * all + 4 * heads + 2 * keyValueHeads * bytesOf(element)),
  });
}
