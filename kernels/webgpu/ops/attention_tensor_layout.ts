/**
 * The parts that attention's kernels on subgroup matrices are put together from: their workgroup memory, and WGSL for tiles that
 * stay and tiles that pass by.
 *
 * Everything moves in pieces of 16 bytes: 8 values of f16 or 4 of f32. Workgroup memory is one array of pieces, cut into
 * regions whose rows are padded by one piece against bank conflicts; strides and offsets of fragments count pieces.
 * @module
 */
import { unroll } from "./kernel.ts";
import type { HeadsShape } from "./rotary.ts";

/** How a kernel is cut into tiles. */
export interface AttentionTiles {
  /** Subgroups of a workgroup, of 16 rows each. */
  readonly subgroups: number;
  /** Rows of the side that passes by, a multiple of 16. */
  readonly tile: number;
}

/** What the shaders switch on; the subgroup's number is uniform in a subgroup, which the analysis does not know. */
export const ENABLES = [
  "enable f16;",
  "enable chromium_experimental_subgroup_matrix;",
  "diagnostic(off, chromium.subgroup_matrix_uniformity);",
];

/** A left operand, m × k. */
const LEFT = "subgroup_matrix_left<f16, 16, 16>";
/** A right operand, k × n. */
export const RIGHT = "subgroup_matrix_right<f16, 16, 16>";
/** A zero accumulator, written out: compilers do not agree on zeroing a declaration anew in every round of a loop. */
export const ZERO = "subgroup_matrix_result<f32, 16, 16>()";

/** A kernel's sizes, and the regions of its workgroup memory, in pieces. */
export class Layout {
  readonly threads: number;
  /** Rows of the tile that stays. */
  readonly rows: number;
  /** Fragments across a head, and across the tile that passes by. */
  readonly depth: number;
  readonly across: number;
  /** Pieces from row to row: of a head's f16 values, of f32 scores, of f16 probabilities. */
  readonly headStride: number;
  readonly scoreStride: number;
  readonly chanceStride: number;
  readonly #regions = new Map<string, number>();
  #size = 0;

  /**
   * @param sides Names of the regions that hold the tile that passes by.
   * @param scores Names of the regions of f32 scores.
   * @param chances Names of the regions of f16 probabilities.
   */
  constructor(
    readonly shape: HeadsShape,
    readonly tiles: AttentionTiles,
    sides: readonly string[],
    scores: readonly string[],
    chances: readonly string[],
  ) {
    this.threads = 32 * tiles.subgroups;
    this.rows = 16 * tiles.subgroups;
    this.depth = shape.headSize / 16;
    this.across = tiles.tile / 16;
    this.headStride = shape.headSize / 8 + 1;
    this.scoreStride = tiles.tile / 4 + 1;
    this.chanceStride = tiles.tile / 8 + 1;
    for (const name of sides) this.#add(name, tiles.tile * this.headStride);
    for (const name of scores) this.#add(name, this.rows * this.scoreStride);
    for (const name of chances) this.#add(name, this.rows * this.chanceStride);
  }

  #add(name: string, size: number) {
    this.#regions.set(name, this.#size);
    this.#size += size;
  }

  /** First piece of a region. */
  at(name: string): string {
    return `${this.#regions.get(name)}u`;
  }

  /** The declaration of workgroup memory: the own rows pass through it before the first tile. */
  get memory(): string {
    return `var<workgroup> memory: array<vec4<u32>, ${Math.max(this.#size, this.rows * this.headStride)}>;`;
  }

  /** Workgroups: row tiles, query heads, sequences. */
  get grid(): readonly [number, number, number] {
    return [Math.ceil(this.shape.length / this.rows), this.shape.heads, this.shape.sequences];
  }

  /** Sizes as WGSL, strides in pieces, and the rounding of 8 values to a piece of f16. */
  get constants(): string {
    const { sequences, length, heads, keyValueHeads, headSize } = this.shape;
    return `
const LENGTH = ${length}u;
const ALL_ROWS = ${sequences * length}u;
const HEADS = ${heads}u;
const KEY_HEADS = ${keyValueHeads}u;
const GROUP = ${heads / keyValueHeads}u;
const PIECES = ${headSize / 8}u;
const STRIDE = ${(heads + 2 * keyValueHeads) * headSize / 8}u;
const ROWS = ${this.rows}u;
const TILE = ${this.tiles.tile}u;
const HEAD_STRIDE = ${this.headStride}u;
const SCORE_STRIDE = ${this.scoreStride}u;
const CHANCE_STRIDE = ${this.chanceStride}u;
const SCALE = f32(${headSize ** -0.5});
const LOG2_E = f32(${Math.LOG2E});
fn packed(a: vec4f, b: vec4f) -> vec4<u32> {
  return vec4<u32>(pack2x16float(a.xy), pack2x16float(a.zw), pack2x16float(b.xy), pack2x16float(b.zw));
}`;
  }
}

/** A head of the rows that pass by: its region, its storage buffer, and the first piece of a `row` in that. */
export interface Side {
  readonly name: string;
  readonly buffer: string;
  readonly at: string;
}

/** The four sides of attention; `keyAt` and `id` are the kernels'. */
export const KEYS: Side = { name: "keys", buffer: "states", at: "row * STRIDE + keyAt" };
export const VALUES: Side = {
  name: "values",
  buffer: "states",
  at: "row * STRIDE + keyAt + KEY_HEADS * PIECES",
};
export const QUERIES: Side = { name: "queries", buffer: "states", at: "row * STRIDE + id.y * PIECES" };
export const GRADIENTS: Side = {
  name: "gradients",
  buffer: "outputGradient",
  at: "(row * HEADS + id.y) * PIECES",
};

/** Loads the subgroup's own 16 rows of a head as left fragments, by way of workgroup memory. Rows beyond the sequence repeat its last. */
export function ownFragments(
  { rows, threads, shape, depth }: Layout,
  name: string,
  { buffer, at }: Side,
): string {
  return `
workgroupBarrier();
for (var i = lane; i < ${rows * shape.headSize / 8}u; i += ${threads}) {
  let row = base + min(first + i / PIECES, LENGTH - 1);
  memory[i / PIECES * HEAD_STRIDE + i % PIECES] = ${buffer}[${at} + i % PIECES];
}
workgroupBarrier();
${
    unroll(depth, (c) =>
      `let ${name}${c} = subgroupMatrixLoad<${LEFT}, row_major>(&memory, subgroup * 16 * HEAD_STRIDE + ${
        2 * c
      }, HEAD_STRIDE);`)
  }`;
}

/** Pieces that an invocation copies of a side's tile. */
function copies({ tiles, shape, threads }: Layout): number {
  return Math.ceil(tiles.tile * shape.headSize / 8 / threads);
}

function eachCopy(layout: Layout, body: (i: number, index: string) => string): string {
  const { tiles, shape, threads } = layout;
  const pieces = tiles.tile * shape.headSize / 8;
  return unroll(copies(layout), (i) => {
    const guard = (i + 1) * threads > pieces ? `if (lane + ${i * threads} < ${pieces}u) ` : "";
    return `${guard}{ ${body(i, `(lane + ${i * threads})`)} }`;
  });
}

/** Declares the registers that a tile's pieces wait in. */
export function declareCopies(layout: Layout, sides: readonly Side[]): string {
  return unroll(copies(layout), (i) => sides.map(({ name }) => `var ${name}${i}: vec4<u32>;`).join(" "));
}

/** Reads the sides' tile that begins at row `begin` into registers. */
export function readSides(layout: Layout, sides: readonly Side[], begin: string): string {
  return eachCopy(layout, (i, index) =>
    `let row = base + min(${begin} + ${index} / PIECES, LENGTH - 1);
    ${sides.map(({ name, buffer, at }) => `${name}${i} = ${buffer}[${at} + ${index} % PIECES];`).join(" ")}`);
}

/** Moves the tile from registers to workgroup memory, and reads the next one while this is worked on. */
export function bringSides(layout: Layout, sides: readonly Side[]): string {
  return `
workgroupBarrier();
${
    eachCopy(layout, (i, index) =>
      sides.map(({ name }) =>
        `memory[${layout.at(name)} + ${index} / PIECES * HEAD_STRIDE + ${index} % PIECES] = ${name}${i};`
      ).join(" "))
  }
workgroupBarrier();
${readSides(layout, sides, "begin + TILE")}`;
}

/** A side's rows 16·n… and entries 16·c… as a right operand: by columns for W·sideᵀ, by rows for W·side. */
function sideFragment(layout: Layout, side: Side, n: number, c: number, major: "row" | "col"): string {
  return `subgroupMatrixLoad<${RIGHT}, ${major}_major>(&memory, ${layout.at(side.name)} + ${
    16 * n
  } * HEAD_STRIDE + ${2 * c}, HEAD_STRIDE)`;
}

/** Region `target` = own fragments · sideᵀ, 16 × TILE a subgroup. */
export function scoreProduct(layout: Layout, own: string, side: Side, target: string): string {
  return unroll(layout.across, (n) =>
    `{
    var sum = ${ZERO};
    ${
      unroll(
        layout.depth,
        (c) =>
          `sum = subgroupMatrixMultiplyAccumulate(${own}${c}, ${
            sideFragment(layout, side, n, c, "col")
          }, sum);`,
      )
    }
    subgroupMatrixStore<row_major>(&memory, ${layout.at(target)} + subgroup * 16 * SCORE_STRIDE + ${
      4 * n
    }, sum, SCORE_STRIDE);
  }`);
}

/** Accumulators += region `left` (16 × TILE a subgroup) · side (TILE × d). */
export function mixProduct(layout: Layout, left: string, side: Side, sums: string, rowSum?: string): string {
  return unroll(layout.across, (n) =>
    `{
    let ${left}Rows = subgroupMatrixLoad<${LEFT}, row_major>(&memory, ${
      layout.at(left)
    } + subgroup * 16 * CHANCE_STRIDE + ${2 * n}, CHANCE_STRIDE);
    ${
      unroll(layout.depth, (c) =>
        `${sums}${c} = subgroupMatrixMultiplyAccumulate(${left}Rows, ${
          sideFragment(layout, side, n, c, "row")
        }, ${sums}${c});`)
    }
    ${rowSum ? `${rowSum} = subgroupMatrixMultiplyAccumulate(${left}Rows, ones, ${rowSum});` : ""}
  }`);
}

/** Runs `body` for 8 neighbouring scores at a time of the subgroup's 16 × TILE: `row`, `column`, `at` in scores, `to` in chances. */
export function eachEight({ tiles }: Layout, body: string): string {
  const perRow = tiles.tile / 8;
  return `
for (var i = 0u; i < ${16 * perRow / 32}; i++) {
  let item = i * 32 + lane % 32;
  let row = subgroup * 16 + item / ${perRow};
  let column = item % ${perRow} * 8;
  let at = row * SCORE_STRIDE + column / 4;
  let to = row * CHANCE_STRIDE + column / 8;
  ${body}
}`;
}

/** Four scores of a region, from piece `at` on. */
export function scoresAt(layout: Layout, region: string, offset: 0 | 1): string {
  return `bitcast<vec4f>(memory[${layout.at(region)} + at + ${offset}])`;
}

/** Writes accumulators, times `factor` (by `row`), as f16 rows; goes through the region `scores`, TILE columns at a time. */
export function writeOut(layout: Layout, sums: string, target: string, at: string, factor: string): string {
  const { tiles, shape } = layout;
  const columns = Math.min(tiles.tile, shape.headSize);
  const perRow = columns / 8;
  return unroll(shape.headSize / columns, (chunk) => `
workgroupBarrier();
${
    unroll(columns / 16, (n) =>
      `subgroupMatrixStore<row_major>(&memory, ${layout.at("scores")} + subgroup * 16 * SCORE_STRIDE + ${
        4 * n
      }, ${sums}${chunk * columns / 16 + n}, SCORE_STRIDE);`)
  }
workgroupBarrier();
for (var i = 0u; i < ${16 * perRow / 32}; i++) {
  let item = i * 32 + lane % 32;
  let row = subgroup * 16 + item / ${perRow};
  let piece = item % ${perRow};
  let at = row * SCORE_STRIDE + 2 * piece;
  if (first + row < LENGTH) {
    ${target}[${at} + ${chunk * perRow} + piece] = packed(
      ${scoresAt(layout, "scores", 0)} * ${factor}, ${scoresAt(layout, "scores", 1)} * ${factor});
  }
}`);
}
