/**
 * The parts that attention's kernels on subgroup matrices are put together from: WGSL for tiles that stay, tiles that pass by, and
 * what lies between the two.
 * @module
 */
import { type Layout, LEFT, RIGHT, ZERO } from "./attention_tensor_layout.ts";
import { unroll } from "./kernel.ts";

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
export function ownFragments(layout: Layout, name: string, { buffer, at }: Side): string {
  return fragmentsOf(
    layout,
    name,
    `let row = base + min(first + i / PIECES, LENGTH - 1);
  let piece = ${buffer}[${at} + i % PIECES];`,
  );
}

/** The same of any rows: `take` declares `piece`, the i-th of all own rows' pieces. */
export function fragmentsOf({ rows, threads, shape, depth }: Layout, name: string, take: string): string {
  return `
workgroupBarrier();
for (var i = lane; i < ${rows * shape.headSize / 8}u; i += ${threads}) {
  ${take}
  memory[i / PIECES * HEAD_STRIDE + i % PIECES] = piece;
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

/** Writes accumulators, times `factor` (by `row`), as f16 rows of the sequence. */
export function writeOut(layout: Layout, sums: string, target: string, at: string, factor: string): string {
  return eachSumPiece(
    layout,
    sums,
    `if (first + row < LENGTH) { ${target}[${at} + piece] = packed(low * ${factor}, high * ${factor}); }`,
  );
}

/** Runs `body` for each `piece` of each own `row` of accumulators, its eight numbers in `low` and `high`; by way of the region `scores`, TILE columns at a time. */
export function eachSumPiece(layout: Layout, sums: string, body: string): string {
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
  let at = row * SCORE_STRIDE + 2 * (item % ${perRow});
  let piece = ${chunk * perRow} + item % ${perRow};
  let low = ${scoresAt(layout, "scores", 0)};
  let high = ${scoresAt(layout, "scores", 1)};
  ${body}
}`);
}
