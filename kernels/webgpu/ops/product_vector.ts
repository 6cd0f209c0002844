/**
 * Products without tensor cores: f32 or f16 storage, f32 arithmetic, any shape and alignment.
 *
 * A workgroup computes a tile of C. For every step of k it copies tiles of A and B into workgroup memory, as [k × m] and [k × n], so
 * that an invocation reads four neighbours at once, and adds their outer products to sums in registers.
 * @module
 */
import type { VectorTile } from "../tiles.ts";
import { type Kernel, unroll } from "./kernel.ts";
import { type Operand, type ProductBuffers, type ProductSpec, workOf } from "./product_spec.ts";
import { finishFunctions, operandBinding, readFunction, tileCorner, type TileGrid } from "./product_tile.ts";

/** vec4 of padding after each row of a tile, against bank conflicts where it is transposed on the way in. */
const padding = 1;

/** Invocations of a workgroup. */
export function vectorInvocations({ m, n, invocationM, invocationN }: VectorTile): number {
  return (m / invocationM) * (n / invocationN);
}

/** One operand's way through workgroup memory. */
interface Staged {
  readonly name: "a" | "b";
  readonly operand: Operand;
  /** Rows or columns of C that the tile spans. */
  readonly width: number;
  /** Where the tile's part of C begins. */
  readonly corner: "tileRow" | "tileColumn";
  /** Whether memory's rows run along k, so that the copy transposes. */
  readonly transposes: boolean;
}

/** The kernel of one product; it computes the ranges of k of `grid`, the rows of each after those of the one before. */
export function vectorKernel(
  label: string,
  spec: ProductSpec,
  tile: VectorTile,
  grid: TileGrid,
  buffers: ProductBuffers,
): Kernel {
  const { m, n, k } = spec;
  const invocations = vectorInvocations(tile);
  const a: Staged = {
    name: "a",
    operand: spec.a,
    width: tile.m,
    corner: "tileRow",
    transposes: !spec.transposeA,
  };
  const b: Staged = {
    name: "b",
    operand: spec.b,
    width: tile.n,
    corner: "tileColumn",
    transposes: spec.transposeB,
  };
  const exact = m % tile.m === 0 && n % tile.n === 0 && k % tile.k === 0;
  const stride = ({ width }: Staged) => width / 4 + padding;
  const copies = ({ width }: Staged) => Math.ceil(width * tile.k / 4 / invocations);
  const load = (staged: Staged) => unroll(copies(staged), (i) => loadPiece(staged, i, invocations, tile.k));
  const store = (staged: Staged) =>
    unroll(copies(staged), (i) => storePiece(staged, i, invocations, tile.k, stride(staged)));
  const declare = (staged: Staged) =>
    unroll(copies(staged), (i) => `var ${staged.name}Piece${i}: vec4<f32>;`);

  const groupsM = tile.invocationM / 4;
  const groupsN = tile.invocationN / 4;
  const across = tile.n / tile.invocationN;
  const down = tile.m / tile.invocationM;
  const writeRows = (group: number) =>
    `{
    let row = tileRow + (down + ${group * down}u) * 4u;
    ${unroll(groupsN, (j) => `let column${j} = tileColumn + (across + ${j * across}u) * 4u;`)}
    ${unroll(4, (i) => unroll(groupsN, (j) => `let added${i}_${j} = added(row + ${i}u, column${j});`))}
    ${
      unroll(4, (i) =>
        unroll(groupsN, (j) => `
    if (row + ${i}u < ${m}u && column${j} < ${n}u) {
      finish(range * ${m}u + row + ${i}u, column${j}, sum${4 * group + i}_${j}, added${i}_${j});
    }`))
    }
  }`;
  const code = `
${readFunction("a", spec.a, exact)}
${readFunction("b", spec.b, exact)}
${finishFunctions(spec)}

var<workgroup> aTile: array<vec4<f32>, ${tile.k * stride(a)}>;
var<workgroup> bTile: array<vec4<f32>, ${tile.k * stride(b)}>;

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) invocation: u32) {
  ${tileCorner(grid)}
  let down = invocation / ${across}u;
  let across = invocation % ${across}u;
  ${unroll(tile.invocationM, (i) => unroll(groupsN, (j) => `var sum${i}_${j} = vec4<f32>();`))}
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
    if (step + 1u < steps) {
      ${load(a)}
      ${load(b)}
    }
    for (var inner = 0u; inner < ${tile.k}u; inner++) {
      ${unroll(groupsM, (i) => `let left${i} = aTile[inner * ${stride(a)}u + down + ${i * down}u];`)}
      ${unroll(groupsN, (j) => `let right${j} = bTile[inner * ${stride(b)}u + across + ${j * across}u];`)}
      ${
    unroll(tile.invocationM, (i) =>
      unroll(groupsN, (j) =>
        // GPUs contract this to an fma; the function of that name is a library call for each lane on lavapipe.
        `sum${i}_${j} += left${Math.floor(i / 4)}.${"xyzw"[i % 4]} * right${j};`))
  }
    }
  }
  ${unroll(groupsM, writeRows)}
}`;
  return {
    label,
    bindings: [
      operandBinding("a", spec.a, buffers.a),
      operandBinding("b", spec.b, buffers.b),
      operandBinding("c", spec.c, buffers.c),
      ...(spec.residual && buffers.residual
        ? [operandBinding("residual", spec.residual, buffers.residual)]
        : []),
    ],
    code,
    workgroups: grid.workgroups,
    ...workOf(spec),
  };
}

/** WGSL of the i-th copy of an invocation: its guard, and where in C and k it lies within the tile. */
function place({ width, transposes }: Staged, i: number, invocations: number, tileDepth: number) {
  const index = `(invocation + ${i * invocations}u)`;
  const along = (transposes ? tileDepth : width) / 4;
  const line = `${index} / ${along}u`;
  const four = `${index} % ${along}u * 4u`;
  const total = width * tileDepth / 4;
  return {
    guard: (i + 1) * invocations > total ? `if (${index} < ${total}u) ` : "",
    acrossC: transposes ? line : four,
    inDepth: transposes ? four : line,
  };
}

function loadPiece(staged: Staged, i: number, invocations: number, tileDepth: number): string {
  const { name, corner, transposes } = staged;
  const { guard, acrossC, inDepth } = place(staged, i, invocations, tileDepth);
  const [row, column] = transposes
    ? [`${corner} + ${acrossC}`, `depth + ${inDepth}`]
    : [`depth + ${inDepth}`, `${corner} + ${acrossC}`];
  return `${guard}{ ${name}Piece${i} = ${name}_read(${row}, ${column}); }`;
}

function storePiece(
  staged: Staged,
  i: number,
  invocations: number,
  tileDepth: number,
  stride: number,
): string {
  const { name, transposes } = staged;
  const { guard, acrossC, inDepth } = place(staged, i, invocations, tileDepth);
  if (!transposes) {
    return `${guard}{ ${name}Tile[(${inDepth}) * ${stride}u + (${acrossC}) / 4u] = ${name}Piece${i}; }`;
  }
  const element = (e: number) =>
    `${name}Tile[(${inDepth} + ${e}u) * ${stride}u + (${acrossC}) / 4u][(${acrossC}) % 4u] = ${name}Piece${i}[${e}];`;
  return `${guard}{\n${unroll(4, element)}\n}`;
}
