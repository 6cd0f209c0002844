/**
 * What every product kernel shares: which tile a workgroup computes, how it reads its operands, and how finished values reach C.
 * @module
 */
import type { TileSize } from "../tiles.ts";
import type { Binding } from "./kernel.ts";
import { alignedTo, type Operand, type ProductSpec } from "./product_spec.ts";

/** The tiles of C in the order in which workgroups take them, and the range of k that each takes. */
export interface TileGrid {
  readonly tile: TileSize;
  /** Tiles down and across C. */
  readonly rows: number;
  readonly columns: number;
  readonly k: number;
  /** Ranges of k, none of them empty. */
  readonly split: number;
  /** Depth of a range: a multiple of the tile's; the last one may end early. */
  readonly depth: number;
  readonly workgroups: readonly [number, number, number];
}

/** Rows of tiles that are finished together, column by column: their operands stay in the cache. */
const rowsTogether = 8;

/** Most workgroups in one dimension, as in kernel.ts. */
const fold = 65_534;

/** Divides a product; fewer than the wanted ranges of k where some would be empty. */
export function tileGrid({ m, n, k }: TileSize, tile: TileSize, wantedSplit: number): TileGrid {
  const rows = Math.ceil(m / tile.m);
  const columns = Math.ceil(n / tile.n);
  const steps = Math.ceil(k / tile.k);
  const stepsOfRange = Math.ceil(steps / wantedSplit);
  const split = Math.ceil(steps / stepsOfRange);
  const count = rows * columns;
  return {
    tile,
    rows,
    columns,
    k,
    split,
    depth: stepsOfRange * tile.k,
    workgroups: [Math.min(count, fold), Math.ceil(count / fold), split],
  };
}

/** WGSL that defines tileRow, tileColumn, range (of k), depth (its first k) and steps (of the tile's depth). */
export function tileCorner({ tile, rows, columns, k, split, depth }: TileGrid): string {
  const band = rowsTogether * columns;
  const steps = split === 1
    ? `const steps = ${Math.ceil(k / tile.k)}u;`
    : `let steps = min(${depth / tile.k}u, (${k}u - depth + ${tile.k - 1}u) / ${tile.k}u);`;
  return `
  let index = workgroupIndex(workgroup);
  if (index >= ${rows * columns}u) { return; }
  let band = index / ${band}u;
  let bandRows = min(${rowsTogether}u, ${rows}u - band * ${rowsTogether}u);
  let tileRow = (band * ${rowsTogether}u + index % ${band}u % bandRows) * ${tile.m}u;
  let tileColumn = index % ${band}u / bandRows * ${tile.n}u;
  let range = workgroup.z;
  var depth = range * ${depth}u;
  ${steps}`;
}

/** Elements that are read or written at once: 4, or 1 where rows do not consist of whole vec4. */
export function pieceOf(operand: Operand): 4 | 1 {
  return alignedTo(operand, 4) ? 4 : 1;
}

/** The binding of an operand in pieces of `pieceOf`. */
export function operandBinding(name: string, operand: Operand, buffer: GPUBufferBinding): Binding {
  const type = pieceOf(operand) === 4 ? `vec4<${operand.type}>` : operand.type;
  return { name, type, access: operand.access, buffer };
}

/**
 * WGSL of `name_read(row, column)`: four elements of a row as vec4<f32>, zeros beyond the view.
 *
 * @param exact Whether no read leaves the view.
 */
export function readFunction(name: string, operand: Operand, exact: boolean): string {
  const { rows, columns, stride, offset } = operand;
  if (pieceOf(operand) === 4) {
    const read = `return vec4<f32>(${name}[row * ${stride / 4}u + column / 4u + ${offset / 4}u]);`;
    return `
fn ${name}_read(row: u32, column: u32) -> vec4<f32> {
  ${exact ? read : `if (row < ${rows}u && column < ${columns}u) { ${read} }\n  return vec4<f32>();`}
}`;
  }
  return `
fn ${name}_read(row: u32, column: u32) -> vec4<f32> {
  var four = vec4<f32>();
  if (row >= ${rows}u) { return four; }
  let first = row * ${stride}u + column + ${offset}u;
  if (column < ${columns}u) { four.x = f32(${name}[first]); }
  if (column + 1u < ${columns}u) { four.y = f32(${name}[first + 1u]); }
  if (column + 2u < ${columns}u) { four.z = f32(${name}[first + 2u]); }
  if (column + 3u < ${columns}u) { four.w = f32(${name}[first + 3u]); }
  return four;
}`;
}

/**
 * WGSL of `added(row, column)`, what C takes beside the product, and of `finish(row, column, sums, added)`, which scales four
 * sums, adds and writes what lies within C.
 *
 * They are two functions so that a kernel can read everything before its first write: a compiler cannot, as C might be the residual,
 * and then each read waits for memory alone.
 */
export function finishFunctions({ c, accumulate, residual, scale }: ProductSpec): string {
  const { columns, stride, offset, type } = c;
  const terms = [...(residual ? ["residual"] : []), ...(accumulate ? ["c"] : [])];
  const write = pieceOf(c) === 4
    ? `c[row * ${stride / 4}u + column / 4u + ${offset / 4}u] = vec4<${type}>(value);`
    : `
  let first = row * ${stride}u + column + ${offset}u;
  c[first] = ${type}(value.x);
  if (column + 1u < ${columns}u) { c[first + 1u] = ${type}(value.y); }
  if (column + 2u < ${columns}u) { c[first + 2u] = ${type}(value.z); }
  if (column + 3u < ${columns}u) { c[first + 3u] = ${type}(value.w); }`;
  return `
${residual ? readFunction("residual", residual, false) : ""}
${accumulate ? readFunction("c", c, false) : ""}
fn added(row: u32, column: u32) -> vec4<f32> {
  return ${terms.map((name) => `${name}_read(row, column)`).join(" + ") || "vec4<f32>()"};
}
fn finish(row: u32, column: u32, sums: vec4<f32>, added: vec4<f32>) {
  let value = sums${scale === 1 ? "" : ` * f32(${Math.fround(scale)})`} + added;
  ${write}
}`;
}
