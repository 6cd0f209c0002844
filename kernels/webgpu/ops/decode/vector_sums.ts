/**
 * Sums of products of a few rows with a matrix's rows: the WGSL that generation's matrix-vector kernels share.
 *
 * A team takes a few of the matrix's rows and all rows of the input, each lane every lanes-th piece of eight columns. Weights
 * come from memory once, which is all that such a product costs. The input's RMSNorm is the sums' factor:
 * Σ w·(g∘x)·s = s·Σ w·(g∘x), with s = rsqrt(mean(x²) + ε) from the same loop.
 * @module
 */
import type { Device } from "../../device/device.ts";
import { type Binding, largestFunction, totalFunction, unroll } from "../kernel.ts";
import { matrixBindings, matrixReader, PIECE, piecesOf, type StoredMatrix } from "./stored_matrix.ts";
import { type Team, teamOf } from "./team.ts";

/** RMSNorm of what enters a product. */
export interface InputNorm {
  /** [columns] in f32. */
  readonly weight: GPUBuffer;
  readonly epsilon: number;
}

/** What enters a product. */
export interface VectorInput {
  /** [rows × columns] in f32. */
  readonly x: GPUBuffer;
  /** A few: each has a register for every sum. */
  readonly rows: number;
  /** null: as it is. */
  readonly norm: InputNorm | null;
  /** Rounds each row to whole steps of a 127th of its largest absolute value, the paper's 8-bit dynamic activations. */
  readonly rounded: boolean;
}

/** WGSL of a product's parts. */
export interface VectorSums {
  readonly team: Team;
  readonly threads: number;
  readonly bindings: readonly Binding[];
  /** Functions and constants. */
  readonly declarations: string;
  /** Goes first in a kernel's `main`, which has the thread's `index` in the workgroup. */
  readonly prologue: string;
  /** Declares `sumO_R`: the O-th of these rows of the matrix (expressions) with row R of the input, known to the whole team. */
  sums(matrixRows: readonly string[]): string;
}

/** The parts for an input and a matrix, with so many teams to a workgroup. */
export function vectorSums(
  device: Device,
  matrix: StoredMatrix,
  { x, rows, norm, rounded }: VectorInput,
  teams: number,
): VectorSums {
  const team = teamOf(device);
  const threads = teams * team.lanes;
  const { columns } = matrix;
  const perRow = columns / 4;
  const last = columns % PIECE === 0 ? "" : ` * select(0f, 1f, 2 * piece + 1 < ${perRow})`;
  const second = (at: string, limit: number) => last === "" ? `${at} + 1` : `min(${at} + 1, ${limit - 1}u)`;
  const declarations = `
const PIECES = ${piecesOf(columns)}u;
const LANES = ${team.lanes}u;
const TEAMS = ${teams}u;
${matrixReader("matrix", matrix)}
${team.total(threads)}
fn x8(row: u32, piece: u32) -> mat2x4f {
  let at = row * ${perRow}u + 2 * piece;
  return mat2x4f(x[at], x[${second("at", rows * perRow)}]${last});
}
fn scaled8(eight: mat2x4f, piece: u32) -> mat2x4f {
  ${
    norm === null
      ? "return eight;"
      : `return mat2x4f(eight[0] * norm[2 * piece], eight[1] * norm[${second("2 * piece", perRow)}]);`
  }
}
fn squared(eight: mat2x4f) -> f32 { return dot(eight[0], eight[0]) + dot(eight[1], eight[1]); }
${rounded ? roundingFunction(threads) : ""}`;
  const scale = norm === null ? "1f" : `inverseSqrt(squares * f32(${1 / columns}) + f32(${norm.epsilon}))`;
  const prologue = rounded ? unroll(rows, (r) => `let rounding${r} = roundingOf(${r}, index);`) : "";
  const entering = (r: number) =>
    rounded
      ? `let scaled${r} = scaled8(x8(${r}, piece), piece);
    let in${r} = mat2x4f(round(scaled${r}[0] * rounding${r}.x), round(scaled${r}[1] * rounding${r}.x));`
      : `let raw${r} = x8(${r}, piece);
    ${norm === null ? "" : `squares${r} += squared(raw${r});`}
    let in${r} = scaled8(raw${r}, piece);`;
  const factor = (r: number) =>
    rounded
      ? `let factor${r} = rounding${r}.y;`
      : norm === null
      ? `let factor${r} = 1f;`
      : `let factor${r} = scaleOf(teamTotal(squares${r}, index));`;
  return {
    team,
    threads,
    declarations: `${declarations}
fn scaleOf(squares: f32) -> f32 { return ${scale}; }`,
    prologue,
    bindings: [
      ...matrixBindings("matrix", matrix),
      { name: "x", type: "vec4f", access: "read", buffer: x },
      ...(norm ? [{ name: "norm", type: "vec4f", access: "read", buffer: norm.weight } as const] : []),
    ],
    sums: (matrixRows) => `
  ${unroll(rows, (r) => `var squares${r} = 0f;`)}
  ${matrixRows.map((row, o) => `let row${o} = ${row};`).join("\n")}
  ${matrixRows.map((_, o) => unroll(rows, (r) => `var part${o}_${r} = 0f;`)).join("\n")}
  for (var piece = index % LANES; piece < PIECES; piece += LANES) {
    ${matrixRows.map((_, o) => `let weight${o} = matrix8(row${o}, piece);`).join("\n")}
    ${
      unroll(rows, (r) =>
        `${entering(r)}
    ${
          matrixRows.map((_, o) =>
            `part${o}_${r} += dot(weight${o}[0], in${r}[0]) + dot(weight${o}[1], in${r}[1]);`
          ).join("\n")
        }`)
    }
  }
  ${unroll(rows, factor)}
  ${
      matrixRows.map((_, o) =>
        unroll(rows, (r) => `let sum${o}_${r} = teamTotal(part${o}_${r}, index) * factor${r};`)
      ).join("\n")
    }`,
  };
}

/** WGSL of `roundingOf(row, index)`: what brings a row's entries to ±127, and what a step of the rounded ones is worth. */
function roundingFunction(threads: number): string {
  return `
${totalFunction("f32", threads)}
${largestFunction("f32", threads)}
fn roundingOf(row: u32, index: u32) -> vec2f {
  var squares = 0f;
  var most = 0f;
  for (var piece = index; piece < PIECES; piece += LANES * TEAMS) {
    let raw = x8(row, piece);
    let scaled = scaled8(raw, piece);
    squares += squared(raw);
    let high = max(abs(scaled[0]), abs(scaled[1]));
    most = max(most, max(max(high.x, high.y), max(high.z, high.w)));
  }
  let scale = scaleOf(total(squares, index));
  let largestEntry = largest(most, index);
  return vec2f(select(0f, 127 / largestEntry, largestEntry > 0), largestEntry * scale / 127);
}`;
}
