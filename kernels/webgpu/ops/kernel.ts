/**
 * What all kernels share: the element types, the head of a shader, and the way from its text to a dispatch.
 *
 * Conventions: a matrix is row-major and its rows are read as vec4, so widths are multiples of 4. Storage is f32 or f16,
 * arithmetic f32. Shapes are constants in the text: one pipeline for each shape. Sums are trees and loops in a fixed
 * order, never atomics, so the same card gives the same bits.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";

/** How activations are stored. */
export type Element = "f32" | "f16";

/** A buffer in a shader: its name there, its WGSL element type, and the part of a GPU buffer behind it. */
export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly access: "read" | "read_write";
  readonly buffer: GPUBuffer | GPUBufferBinding;
}

/** A kernel's text, without its bindings, and how it is started. */
export interface Kernel {
  readonly label: string;
  readonly bindings: readonly Binding[];
  /** WGSL; `enable` directives and bindings are put before it. */
  readonly code: string;
  readonly enables?: readonly string[];
  /** One dimension is folded into two where it exceeds 65,535: index it by `workgroupIndex(id)`. */
  readonly workgroups: number | readonly [number, number, number];
  readonly flops?: number;
  readonly bytes: number;
}

/** Most workgroups in one dimension of a dispatch, rounded down to an even number. */
const FOLD = 65_534;

/** Bytes of one element. */
export function bytesOf(element: Element): number {
  return element === "f32" ? 4 : 2;
}

/** Makes a dispatch of a kernel. */
export async function dispatch(device: Device, kernel: Kernel): Promise<Dispatch> {
  const { label, bindings, code, workgroups, flops = 0, bytes } = kernel;
  const grid: readonly [number, number, number] = typeof workgroups === "number"
    ? [Math.min(workgroups, FOLD), Math.ceil(workgroups / FOLD), 1]
    : workgroups;
  const half = bindings.some(({ type }) => type.includes("f16"));
  const text = [
    ...(half ? ["enable f16;"] : []),
    ...(kernel.enables ?? []),
    ...bindings.map(({ name, type, access }, i) =>
      `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`
    ),
    `fn workgroupIndex(id: vec3u) -> u32 { return id.x + ${FOLD}u * id.y; }`,
    code,
  ].join("\n");
  return {
    label,
    pipeline: await device.pipeline(label, text),
    bindings: bindings.map(({ buffer }) => "buffer" in buffer ? buffer : { buffer }),
    workgroups: grid,
    flops,
    bytes,
  };
}

/**
 * WGSL of `total(value, lane)`: the sum over a workgroup's lanes, known to all of them. Call it in uniform control flow.
 *
 * @param type Of the value: anything that + adds.
 */
export function totalFunction(type: string, lanes: number): string {
  return reduction("total", type, lanes, "a + b");
}

/** WGSL of `largest(value, lane)`, like `totalFunction`. */
export function largestFunction(type: string, lanes: number): string {
  return reduction("largest", type, lanes, "max(a, b)");
}

function reduction(name: string, type: string, lanes: number, combination: string): string {
  return `
var<workgroup> ${name}Parts: array<${type}, ${lanes}>;
fn ${name}(value: ${type}, lane: u32) -> ${type} {
  ${name}Parts[lane] = value;
  workgroupBarrier();
  for (var half = ${2 ** Math.ceil(Math.log2(lanes)) / 2}u; half > 0; half >>= 1) {
    if (lane < half && lane + half < ${lanes}) {
      let a = ${name}Parts[lane];
      let b = ${name}Parts[lane + half];
      ${name}Parts[lane] = ${combination};
    }
    workgroupBarrier();
  }
  let result = ${name}Parts[0];
  workgroupBarrier();
  return result;
}`;
}

/** The text of `line(0)`, `line(1)`, …: loops over registers are written out, since compilers spill indexed ones. */
export function unroll(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
