/**
 * Products on tensor cores: f16 operands, f32 accumulators, through subgroup matrices of 16 × 16 × 16.
 *
 * A workgroup computes a tile of C. For every step of k it copies a tile of A and one of B, as they lie in memory, into workgroup
 * memory: 16 bytes an invocation, rows padded by 16 bytes so that eight consecutive rows lie in different banks. Each subgroup then
 * multiplies its part. The way out leads through workgroup memory too, because WGSL gives no access to a matrix's elements.
 * Operands whose rows do not start and end at 16 bytes are left to product_vector.ts.
 * @module
 */
import type { TensorTile } from "../tiles.ts";
import { type Kernel, unroll } from "./kernel.ts";
import { alignedTo, type Operand, type ProductBuffers, type ProductSpec, workOf } from "./product_spec.ts";
import { finishFunctions, operandBinding, tileCorner, type TileGrid } from "./product_tile.ts";

/** Invocations of a subgroup. */
const lanes = 32;
/** f16 in a piece of 16 bytes, which an invocation copies at once. */
const halves = 8;
/** 16-byte pieces of padding after each row of a tile. */
const padding = 1;

/** Whether the tensor kernel can compute a product: f16 operands and rows in whole pieces of 16 bytes. */
export function suitsTensor({ a, b, c, residual }: ProductSpec): boolean {
  return [a, b].every((operand) => operand.type === "f16" && alignedTo(operand, halves)) &&
    alignedTo(c, 4) && (residual === null || alignedTo(residual, 4));
}

/** Invocations of a workgroup. */
export function tensorInvocations({ m, n, subgroupM, subgroupN }: TensorTile): number {
  return (m / subgroupM) * (n / subgroupN) * lanes;
}

/** A tile of an operand in workgroup memory: rows as they lie in memory, in pieces of 16 bytes. */
interface Staged {
  readonly name: "a" | "b";
  readonly operand: Operand;
  readonly rows: number;
  /** 16-byte pieces of a row. */
  readonly pieces: number;
  /** Pieces from one row to the next. */
  readonly stride: number;
  /** First piece in workgroup memory. */
  readonly start: number;
  /** Whether k runs along the rows of memory (columns otherwise). */
  readonly depthIsRow: boolean;
}

function stagedTile(
  name: "a" | "b",
  operand: Operand,
  rows: number,
  columns: number,
  start: number,
  depthIsRow: boolean,
): Staged {
  const pieces = columns / halves;
  return { name, operand, rows, pieces, stride: pieces + padding, start, depthIsRow };
}

/** The kernel of one product; it computes the ranges of k of `grid`, the rows of each after those of the one before. */
export function tensorKernel(
  label: string,
  spec: ProductSpec,
  tile: TensorTile,
  grid: TileGrid,
  buffers: ProductBuffers,
): Kernel {
  const { m, n, k, transposeA, transposeB } = spec;
  const invocations = tensorInvocations(tile);
  const a = transposeA
    ? stagedTile("a", spec.a, tile.k, tile.m, 0, true)
    : stagedTile("a", spec.a, tile.m, tile.k, 0, false);
  const afterA = a.rows * a.stride;
  const b = transposeB
    ? stagedTile("b", spec.b, tile.n, tile.k, afterA, false)
    : stagedTile("b", spec.b, tile.k, tile.n, afterA, true);
  // A strip of 16 rows of a subgroup's part in f32, rows padded as above.
  const stripStride = tile.subgroupN / 4 + padding;
  const strips = (invocations / lanes) * 16 * stripStride;
  const memory = Math.max(afterA + b.rows * b.stride, strips);
  const subgroupColumns = tile.n / tile.subgroupN;
  const matricesM = tile.subgroupM / 16;
  const matricesN = tile.subgroupN / 16;

  const copies = ({ rows, pieces }: Staged) => Math.ceil(rows * pieces / invocations);
  const load = (staged: Staged) =>
    unroll(copies(staged), (i) => loadPiece(staged, i, invocations, tile.k, k));
  const store = (staged: Staged) => unroll(copies(staged), (i) => storePiece(staged, i, invocations));
  const declare = (staged: Staged) => unroll(copies(staged), (i) => `var ${staged.name}${i}: vec4<u32>;`);

  const multiply = unroll(tile.k / 16, (depth) =>
    [
      "{",
      unroll(matricesM, (i) => `let left${i} = ${loadMatrix(a, "left", transposeA, "partRow", i, depth)};`),
      unroll(matricesN, (j) =>
        `let right${j} = ${loadMatrix(b, "right", transposeB, "partColumn", j, depth)};`),
      unroll(
        matricesM,
        (i) =>
          unroll(
            matricesN,
            (j) =>
              `sum${i}_${j} = subgroupMatrixMultiplyAccumulate(left${i}, right${j}, sum${i}_${j});`,
          ),
      ),
      "}",
    ].join("\n"));

  // A strip's pieces of four columns, lane after lane.
  const perRow = tile.subgroupN / 4;
  const rounds = 16 * perRow / lanes;
  const writeStrip = (i: number) =>
    `{
    ${
      unroll(rounds, (r) => `
    let pieceRow${r} = (lane + ${r * lanes}u) / ${perRow}u;
    let piece${r} = (lane + ${r * lanes}u) % ${perRow}u;
    let row${r} = tileRow + partRow + ${i * 16}u + pieceRow${r};
    let column${r} = tileColumn + partColumn + piece${r} * 4u;
    let added${r} = added(row${r}, column${r});`)
    }
    workgroupBarrier();
    ${
      unroll(
        matricesN,
        (j) => `subgroupMatrixStore<row_major>(&memory, strip + ${j * 4}u, sum${i}_${j}, ${stripStride}u);`,
      )
    }
    workgroupBarrier();
    ${
      unroll(rounds, (r) => `
    if (row${r} < ${m}u && column${r} < ${n}u) {
      let sums = bitcast<vec4<f32>>(memory[strip + pieceRow${r} * ${stripStride}u + piece${r}]);
      finish(range * ${m}u + row${r}, column${r}, sums, added${r});
    }`)
    }
  }`;

  const code = `
${finishFunctions(spec)}

var<workgroup> memory: array<vec4<u32>, ${memory}>;

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) invocation: u32) {
  ${tileCorner(grid)}
  let subgroup = invocation / ${lanes}u;
  let lane = invocation % ${lanes}u;
  let partRow = subgroup / ${subgroupColumns}u * ${tile.subgroupM}u;
  let partColumn = subgroup % ${subgroupColumns}u * ${tile.subgroupN}u;
  let strip = subgroup * ${16 * stripStride}u;
  ${
    unroll(matricesM, (i) =>
      unroll(matricesN, (j) => `var sum${i}_${j} = subgroup_matrix_result<f32, 16, 16>();`))
  }
  ${declare(a)}
  ${declare(b)}
  ${load(a)}
  ${load(b)}
  for (var step = 0u; step < steps; step++) {
    workgroupBarrier();
    ${store(a)}
    ${store(b)}
    workgroupBarrier();
    depth += ${tile.k}u;
    // Read while the present tiles are multiplied.
    if (step + 1u < steps) {
      ${load(a)}
      ${load(b)}
    }
    ${multiply}
  }
  ${unroll(matricesM, writeStrip)}
}`;
  return {
    label,
    bindings: [
      { name: "a", type: "vec4<u32>", access: spec.a.access, buffer: buffers.a },
      { name: "b", type: "vec4<u32>", access: spec.b.access, buffer: buffers.b },
      operandBinding("c", spec.c, buffers.c),
      ...(spec.residual && buffers.residual
        ? [operandBinding("residual", spec.residual, buffers.residual)]
        : []),
    ],
    code,
    enables: [
      "enable f16;",
      "enable subgroups;",
      "enable chromium_experimental_subgroup_matrix;",
      // The subgroup's number is uniform in a subgroup, which the analysis does not know.
      "diagnostic(off, chromium.subgroup_matrix_uniformity);",
    ],
    workgroups: grid.workgroups,
    ...workOf(spec),
  };
}

/** Row and piece of the i-th copy of an invocation within a staged tile. */
function place(
  { rows, pieces }: Staged,
  i: number,
  invocations: number,
): { row: string; piece: string; guard: string } {
  const index = `(invocation + ${i * invocations}u)`;
  const guard = (i + 1) * invocations > rows * pieces ? `if (${index} < ${rows * pieces}u) ` : "";
  const piece = `${index} % ${pieces}u`;
  if (pieces >= 8) return { row: `(${index} / ${pieces}u)`, piece, guard };
  // Eight invocations write at once: rows 4 apart lie in different banks, neighbours would not.
  const row = `(${index} / ${pieces}u)`;
  return { row: `((${row} & 1u) * 4u + (${row} >> 1u) % 4u + (${row} & ~7u))`, piece, guard };
}

/** Reads 16 bytes into a register: zeros beyond k, anything beyond m and n, whose results are not stored. */
function loadPiece(staged: Staged, i: number, invocations: number, tileDepth: number, k: number): string {
  const { name, operand, depthIsRow } = staged;
  const { row, piece, guard } = place(staged, i, invocations);
  const corner = name === "a" ? "tileRow" : "tileColumn";
  const rowOf = depthIsRow ? `depth + ${row}` : `min(${corner} + ${row}, ${operand.rows - 1}u)`;
  const lastPiece = operand.columns / halves - 1;
  const columnOf = depthIsRow
    ? `min(${corner} / ${halves}u + ${piece}, ${lastPiece}u)`
    : `depth / ${halves}u + ${piece}`;
  const register = `${name}${i}`;
  const address = (r: string, c: string) =>
    `(${r}) * ${operand.stride / halves}u + ${c} + ${operand.offset / halves}u`;
  const tail = k % tileDepth !== 0;
  if (!tail) return `${guard}{ ${register} = ${name}[${address(rowOf, columnOf)}]; }`;
  const inside = depthIsRow ? `${rowOf} < ${k}u` : `(${columnOf}) * ${halves}u < ${k}u`;
  return `${guard}{ ${register} = vec4<u32>(); if (${inside}) { ${register} = ${name}[${
    address(rowOf, columnOf)
  }]; } }`;
}

function storePiece(staged: Staged, i: number, invocations: number): string {
  const { row, piece, guard } = place(staged, i, invocations);
  return `${guard}{ memory[${staged.start}u + ${row} * ${staged.stride}u + ${piece}] = ${staged.name}${i}; }`;
}

/**
 * The index-th matrix of a subgroup's part at a depth of 16 within the tile. Offsets and strides count elements of the array,
 * 16 bytes each.
 */
function loadMatrix(
  staged: Staged,
  side: "left" | "right",
  transposed: boolean,
  part: string,
  index: number,
  depth: number,
): string {
  const { start, stride, depthIsRow } = staged;
  const offset = depthIsRow
    ? `${start + depth * 16 * stride + index * 2}u + ${part} / ${halves}u`
    : `${start + index * 16 * stride + depth * 2}u + ${part} * ${stride}u`;
  const order = transposed ? "col_major" : "row_major";
  return `subgroupMatrixLoad<subgroup_matrix_${side}<f16, 16, 16>, ${order}>(&memory, ${offset}, ${stride}u)`;
}
