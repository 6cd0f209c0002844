/**
 * The second pass of a product whose k was split: adds the ranges' sums in order, and finishes C.
 * @module
 */
import type { Kernel } from "./kernel.ts";
import type { Operand, ProductSpec } from "./product_spec.ts";
import { finishFunctions, operandBinding, readFunction } from "./product_tile.ts";

const invocations = 256;

/** Where the ranges' sums lie: [split · m × n] in f32. */
export function partialSums({ m, n }: ProductSpec, split: number): Operand {
  return { type: "f32", rows: split * m, columns: n, stride: n, offset: 0, access: "read_write" };
}

/** The kernel that turns the partial sums into C. */
export function sumKernel(
  label: string,
  spec: ProductSpec,
  split: number,
  partial: GPUBufferBinding,
  c: GPUBufferBinding,
  residual: GPUBufferBinding | null,
): Kernel {
  const { m, n } = spec;
  const operand = partialSums(spec, split);
  const perRow = Math.ceil(n / 4);
  const code = `
${readFunction("partial", operand, n % 4 === 0)}
${finishFunctions(spec)}

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) invocation: u32) {
  let piece = workgroupIndex(workgroup) * ${invocations}u + invocation;
  if (piece >= ${m * perRow}u) { return; }
  let row = piece / ${perRow}u;
  let column = piece % ${perRow}u * 4u;
  var sums = vec4<f32>();
  for (var range = 0u; range < ${split}u; range++) { sums += partial_read(range * ${m}u + row, column); }
  finish(row, column, sums, added(row, column));
}`;
  return {
    label: `${label} sum`,
    bindings: [
      operandBinding("partial", operand, partial),
      operandBinding("c", spec.c, c),
      ...(spec.residual && residual ? [operandBinding("residual", spec.residual, residual)] : []),
    ],
    code,
    workgroups: Math.ceil(m * perRow / invocations),
    bytes: 4 * split * m * n,
  };
}
