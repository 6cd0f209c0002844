/**
 * Attention of rows over their slots' caches, in plain f32 arithmetic (flash decoding; Dao et al., 2023): the positions that a
 * row sees are split among workgroups, and their results are merged. `cached_attention_tensor.ts` does the same with subgroup
 * matrices.
 *
 * A workgroup serves the query heads that share a key and value head, of one row or of a tile of rows with one slot, so that a
 * key is read once. For scores a thread owns a position, for the mix a piece of eight columns of the values; between
 * the two, tiles of probabilities pass through workgroup memory.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { bytesOf, dispatch, largestFunction, totalFunction, unroll } from "../kernel.ts";
import type { CacheBuffers, CacheShape } from "./cache.ts";
import { NO_SLOT } from "./rows.ts";
import { PIECE, pieceReader, piecesOf, pieceType } from "./stored_matrix.ts";

/** Threads of a workgroup, and positions that it takes at a time. */
const THREADS = 128;

/** Below any score, and far from f32's end: exp(NONE − NONE) is 1 and exp(NONE − score) 0. */
export const NONE = "-1e30f";

/** Below any sum, which the likeliest position's e⁰ is part of: a row that sees nothing gets zeros. */
export const LEAST = "1e-30f";

/** How attention is cut into workgroups. */
export interface AttentionSize {
  readonly rows: number;
  /** Rows of a workgroup, a divisor of all; those that have a slot come first in their tile and share it. */
  readonly tile: number;
  /** Workgroups that share a tile's positions. */
  readonly splits: number;
}

/** Most queries of a workgroup, whose sums live in registers. */
const MOST_QUERIES = 8;

/** Rows of a tile, a power of two: as many as keep within the registers. */
export function plainTile({ heads, keyValueHeads }: CacheShape): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(MOST_QUERIES * keyValueHeads / heads)));
}

/** Buffers of attention and of its merge. */
export interface CachedAttentionBuffers extends CacheBuffers {
  readonly rows: GPUBuffer;
  /** [rows × H·d] in f32. */
  readonly queries: GPUBuffer;
  /** [rows × H·d] in f32. */
  readonly output: GPUBuffer;
  /** Unnormalised outputs of the splits [rows × H × splits × d]; not written without splits. */
  readonly parts: GPUBuffer;
  /** Their largest scores and sums of e^(score − largest) [rows × H × splits × 2]. */
  readonly partSums: GPUBuffer;
}

/** Queries whose scores and sums share a vector. */
const FOUR = 4;

/** Bytes of a position for each tile: how many positions there are is not known before. */
export function attentionBytes(
  { element, keyValueHeads, headSize }: CacheShape,
  { rows, tile }: AttentionSize,
): number {
  return 2 * rows / tile * keyValueHeads * piecesOf(headSize) * PIECE * bytesOf(element);
}

/** Without splits the output itself, otherwise its parts. */
export function cachedAttention(
  device: Device,
  label: string,
  shape: CacheShape,
  size: AttentionSize,
  buffers: CachedAttentionBuffers,
): Promise<Dispatch> {
  const { element, heads, keyValueHeads, headSize, capacity, slots } = shape;
  const { rows, tile, splits } = size;
  const group = heads / keyValueHeads;
  const pieces = piecesOf(headSize);
  const stripes = Math.floor(THREADS / pieces);
  const quarters = headSize / 4;
  const count = group * tile;
  const fours = Math.ceil(count / FOUR);
  const each = (line: (q: number) => string) => unroll(count, line);
  const lane = (name: string, q: number) => `${name}${Math.floor(q / FOUR)}[${q % FOUR}]`;
  /** A query's number among those of all rows. */
  const query = (q: string | number) =>
    `((id.z * ${tile} + ${q} / ${group}) * ${heads} + id.y * ${group} + ${q} % ${group})`;
  /** Lengths of the rows of four queries. */
  const lengthsOf = (f: number) =>
    Array.from({ length: FOUR }, (_, i) => {
      const q = FOUR * f + i;
      return q < count ? `length${Math.floor(q / group)}` : "0";
    });
  /** The column at which a thread writes lies within the head. */
  const inside = (half: number) => `2 * piece + ${half} < ${quarters}`;
  const write = (q: number, half: number) =>
    splits === 1
      ? `output[${query(q)} * ${quarters} + 2 * piece + ${half}] = mixed[${half}] / max(${
        lane("sums", q)
      }, ${LEAST});`
      : `parts[(${query(q)} * ${splits} + id.x) * ${quarters} + 2 * piece + ${half}] = mixed[${half}];`;
  const code = `
${pieceReader("keys", element)}
${pieceReader("values", element)}
${totalFunction("vec4f", THREADS)}
${largestFunction("vec4f", THREADS)}
var<workgroup> queryPieces: array<vec4f, ${2 * count * pieces}>;
var<workgroup> chances: array<f32, ${count * THREADS}>;
var<workgroup> stripeParts: array<mat2x4f, ${THREADS}>;
fn lengthOf(row: vec4u) -> u32 { return select(row.z + 1, 0u, row.y == ${NO_SLOT}u); }
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let slot = rows[id.z * ${tile}].y;
  ${unroll(tile, (r) => `let length${r} = lengthOf(rows[id.z * ${tile} + ${r}]);`)}
  let length = ${Array.from({ length: tile }, (_, r) => `length${r}`).reduce((a, b) => `max(${a}, ${b})`)};
  ${unroll(fours, (f) => `let lengths${f} = vec4u(${lengthsOf(f)});`)}
  let share = (length + ${splits - 1}) / ${splits};
  let begin = min(id.x * share, length);
  let end = min(begin + share, length);
  let base = (min(slot, ${slots - 1}u) * ${keyValueHeads} + id.y) * ${capacity};
  for (var i = index; i < ${2 * count * pieces}; i += ${THREADS}) {
    let column = i % ${2 * pieces};
    let q = i / ${2 * pieces};
    var four = vec4f();
    if (column < ${quarters}) { four = queries[${query("q")} * ${quarters} + column] * f32(${
    headSize ** -0.5
  }); }
    queryPieces[i] = four;
  }
  let piece = index % ${pieces};
  let stripe = index / ${pieces};
  ${unroll(fours, (f) => `var most${f} = vec4f(${NONE}); var sums${f} = vec4f();`)}
  ${each((q) => `var mix${q} = mat2x4f();`)}
  workgroupBarrier();
  for (var first = begin; first < end; first += ${THREADS}) {
    let position = first + index;
    ${unroll(fours, (f) => `var scores${f} = vec4f(${NONE});`)}
    if (position < end) {
      ${unroll(fours, (f) => `scores${f} = vec4f();`)}
      for (var c = 0u; c < ${pieces}; c++) {
        let key = keys8((base + position) * ${pieces} + c);
        ${
    each((q) =>
      `${lane("scores", q)} += dot(key[0], queryPieces[${
        2 * q * pieces
      } + 2 * c]) + dot(key[1], queryPieces[${2 * q * pieces} + 2 * c + 1]);`
    )
  }
      }
      ${
    unroll(fours, (f) => `scores${f} = select(vec4f(${NONE}), scores${f}, vec4u(position) < lengths${f});`)
  }
    }
    ${
    unroll(fours, (f) =>
      `let next${f} = max(most${f}, largest(scores${f}, index));
    let keep${f} = exp(most${f} - next${f});
    let chance${f} = select(vec4f(), exp(scores${f} - next${f}), vec4u(position) < min(lengths${f}, vec4u(end)));
    most${f} = next${f};
    sums${f} = sums${f} * keep${f} + chance${f};`)
  }
    ${each((q) => `chances[${q * THREADS} + index] = ${lane("chance", q)};`)}
    workgroupBarrier();
    if (stripe < ${stripes}) {
      ${each((q) => `mix${q} *= ${lane("keep", q)};`)}
      let count = min(${THREADS}u, end - first);
      for (var j = stripe; j < count; j += ${stripes}) {
        let value = values8((base + first + j) * ${pieces} + piece);
        ${each((q) => `mix${q} += value * chances[${q * THREADS} + j];`)}
      }
    }
    workgroupBarrier();
  }
  ${unroll(fours, (f) => `sums${f} = total(sums${f}, index);`)}
  ${
    each((q) => `
  stripeParts[index] = mix${q};
  workgroupBarrier();
  if (stripe == 0) {
    var mixed = mat2x4f();
    for (var s = 0u; s < ${stripes}; s++) { mixed += stripeParts[s * ${pieces} + piece]; }
    ${[0, 1].map((half) => `if (${inside(half)}) { ${write(q, half)} }`).join("\n")}
  }
  workgroupBarrier();`)
  }
  ${
    splits === 1 ? "" : `if (index == 0) {
    ${
      each((q) => `partSums[${query(q)} * ${splits} + id.x] = vec2f(${lane("most", q)}, ${lane("sums", q)});`)
    }
  }`
  }
}`;
  const { rows: rowBuffer, queries, keys, values, output, parts, partSums } = buffers;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "rows", type: "vec4u", access: "read", buffer: rowBuffer },
      { name: "queries", type: "vec4f", access: "read", buffer: queries },
      { name: "keys", type: pieceType(element), access: "read", buffer: keys },
      { name: "values", type: pieceType(element), access: "read", buffer: values },
      ...(splits === 1
        ? [{ name: "output", type: "vec4f", access: "read_write", buffer: output } as const]
        : [
          { name: "parts", type: "vec4f", access: "read_write", buffer: parts } as const,
          { name: "partSums", type: "vec2f", access: "read_write", buffer: partSums } as const,
        ]),
    ],
    workgroups: [splits, keyValueHeads, rows / tile],
    flops: 0,
    bytes: attentionBytes(shape, size),
  });
}
