/**
 * How attention's kernels on subgroup matrices are cut into tiles, and their workgroup memory.
 *
 * Everything moves in pieces of 16 bytes: 8 values of f16 or 4 of f32. Workgroup memory is one array of pieces, cut into
 * regions whose rows are padded by one piece against bank conflicts; strides and offsets of fragments count pieces.
 * @module
 */
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
export const LEFT = "subgroup_matrix_left<f16, 16, 16>";
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
