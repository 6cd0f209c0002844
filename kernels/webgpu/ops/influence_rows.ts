/**
 * Vectors and rows on their way into products: scaled, and rounded to the element type that products read.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { readable, type SequenceRows, THREADS } from "./influence_parts.ts";
import { bytesOf, dispatch, type Element } from "./kernel.ts";
import type { Matrix } from "./product_spec.ts";

/** target [rows × width] = x, each row times the weight of its sequence, whose number begins at `first`; width a multiple of 4. */
export function weightRows(
  device: Device,
  label: string,
  { sequences, length, first, width, element }: SequenceRows & {
    readonly first: number;
    readonly width: number;
    readonly element: Element;
  },
  buffers: { readonly x: Matrix; readonly weights: GPUBufferBinding; readonly target: GPUBuffer },
): Promise<Dispatch> {
  const rows = sequences * length;
  const x = readable("x", buffers.x, rows, width);
  const count = rows * width / 4;
  const code = `
${x.code}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= ${count}u) { return; }
  let row = i / ${width / 4}u;
  goal[i] = vec4<${element}>(weights[${first}u + row / ${length}u] * x_read(row, i % ${width / 4}u * 4u));
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      x.binding,
      { name: "weights", type: "f32", access: "read", buffer: buffers.weights },
      { name: "goal", type: `vec4<${element}>`, access: "read_write", buffer: buffers.target },
    ],
    workgroups: Math.ceil(count / THREADS),
    flops: rows * width,
    bytes: x.bytes + rows * width * bytesOf(element),
  });
}

/** target [count] = scale · values rounded to f16; count a multiple of 4, scale [1]. */
export function castScaled(
  device: Device,
  label: string,
  count: number,
  buffers: {
    readonly values: GPUBufferBinding;
    readonly scale: GPUBufferBinding;
    readonly target: GPUBufferBinding;
  },
): Promise<Dispatch> {
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i < ${count / 4}u) { goal[i] = vec4<f16>(scale[0] * values[i]); }
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "values", type: "vec4f", access: "read", buffer: buffers.values },
      { name: "scale", type: "f32", access: "read", buffer: buffers.scale },
      { name: "goal", type: "vec4<f16>", access: "read_write", buffer: buffers.target },
    ],
    workgroups: Math.ceil(count / 4 / THREADS),
    flops: count,
    bytes: 6 * count,
  });
}
