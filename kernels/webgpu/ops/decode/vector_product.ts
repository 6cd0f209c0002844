/**
 * Products of a few rows with a large matrix, and what follows them: matrix-vector kernels that read the weights once.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { dispatch, unroll } from "../kernel.ts";
import { NO_SLOT } from "./rows.ts";
import { storedBytes, type StoredMatrix } from "./stored_matrix.ts";
import { type VectorInput, vectorSums } from "./vector_sums.ts";

/** What becomes of the products. */
export type VectorOutput =
  /** y [rows × outputs] += x·Wᵀ. */
  | { readonly kind: "add"; readonly y: GPUBuffer }
  /** y [rows × F] = silu(g)∘u, with g and u the first and the last F of 2F outputs (SwiGLU; Shazeer, 2020). */
  | { readonly kind: "gate"; readonly y: GPUBuffer }
  /** y [slots × outputs] = x·Wᵀ, at each row's slot. */
  | { readonly kind: "logits"; readonly y: GPUBuffer; readonly rows: GPUBuffer };

/** Most rows that these kernels take: their sums live in registers. */
export const MOST_VECTOR_ROWS = 8;

/** Teams of a workgroup. */
const TEAMS = 4;

/** Outputs of a team: more where there are many, so that the input is read less often. */
function outputsOfTeam(outputs: number): number {
  return outputs >= 16_384 ? 4 : outputs >= 2048 ? 2 : 1;
}

/** A product of a few rows. */
export function vectorProduct(
  device: Device,
  label: string,
  matrix: StoredMatrix,
  input: VectorInput,
  output: VectorOutput,
): Promise<Dispatch> {
  const { rows } = input;
  const text = vectorSums(device, matrix, input, TEAMS);
  const outputs = output.kind === "gate" ? matrix.rows / 2 : matrix.rows;
  const perTeam = outputsOfTeam(outputs);
  const near = Array.from({ length: perTeam }, (_, o) => `min(first + ${o}, ${outputs - 1}u)`);
  const matrixRows = output.kind === "gate" ? [...near, ...near.map((row) => `${row} + ${outputs}u`)] : near;
  const write = (o: number, r: number) => {
    const at = `${r} * ${outputs}u + first + ${o}`;
    switch (output.kind) {
      case "add":
        return `y[${at}] += sum${o}_${r};`;
      case "gate":
        return `y[${at}] = sum${o}_${r} / (1 + exp(-sum${o}_${r})) * sum${o + perTeam}_${r};`;
      case "logits":
        return `if (rows[${r}].y != ${NO_SLOT}u) { y[rows[${r}].y * ${outputs}u + first + ${o}] = sum${o}_${r}; }`;
    }
  };
  const code = `
${text.declarations}
@compute @workgroup_size(${text.threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  ${text.prologue}
  let first = (workgroupIndex(id) * TEAMS + index / LANES) * ${perTeam};
  ${text.sums(matrixRows)}
  if (index % LANES == 0) {
    ${
    unroll(perTeam, (o) =>
      `if (first + ${o} < ${outputs}) {
      ${unroll(rows, (r) => write(o, r))}
    }`)
  }
  }
}`;
  return dispatch(device, {
    label,
    code,
    enables: text.team.enables,
    bindings: [
      ...text.bindings,
      { name: "y", type: "f32", access: "read_write", buffer: output.y },
      ...(output.kind === "logits"
        ? [{ name: "rows", type: "vec4u", access: "read", buffer: output.rows } as const]
        : []),
    ],
    workgroups: Math.ceil(outputs / (TEAMS * perTeam)),
    flops: 2 * rows * matrix.rows * matrix.columns,
    bytes: storedBytes(matrix) + 4 * rows * (matrix.columns + outputs),
  });
}
