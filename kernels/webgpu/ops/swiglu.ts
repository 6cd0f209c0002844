/**
 * SwiGLU's gate (Shazeer, 2020): a = silu(g) ∘ u, silu(g) = g·σ(g). A row of `gateUp` is F entries of g, then F of u.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { bytesOf, dispatch, type Element } from "./kernel.ts";

/** Rows of a gate. */
export interface GateShape {
  readonly element: Element;
  readonly rows: number;
  /** F, a multiple of 4. */
  readonly width: number;
}

const THREADS = 256;

function place({ rows, width }: GateShape): string {
  return `
const WIDTH = ${width / 4}u;
const COUNT = ${rows * width / 4}u;
fn gateAt(i: u32) -> u32 { return i / WIDTH * 2 * WIDTH + i % WIDTH; }`;
}

/** activation [rows × F] = silu(g) ∘ u. */
export function swiglu(
  device: Device,
  label: string,
  shape: GateShape,
  buffers: { gateUp: GPUBuffer; activation: GPUBuffer },
): Promise<Dispatch> {
  const { element, rows, width } = shape;
  const code = `
${place(shape)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= COUNT) { return; }
  let g = vec4f(gateUp[gateAt(i)]);
  let u = vec4f(gateUp[gateAt(i) + WIDTH]);
  activation[i] = vec4<${element}>(g / (1 + exp(-g)) * u);
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "gateUp", type: `vec4<${element}>`, access: "read", buffer: buffers.gateUp },
      { name: "activation", type: `vec4<${element}>`, access: "read_write", buffer: buffers.activation },
    ],
    workgroups: Math.ceil(rows * width / 4 / THREADS),
    flops: 5 * rows * width,
    bytes: 3 * rows * width * bytesOf(element),
  });
}

/**
 * Gradient of `swiglu` in place: gateUp becomes that of g and u, dg = da∘u·σ(g)·(1 + g·(1 − σ(g))), du = da∘silu(g);
 * `activation`, which holds da, becomes a again: the weight gradient of the down projection reads it, and no layer
 * has to keep it.
 */
export function swigluBackward(
  device: Device,
  label: string,
  shape: GateShape,
  buffers: { gateUp: GPUBuffer; activation: GPUBuffer },
): Promise<Dispatch> {
  const { element, rows, width } = shape;
  const vector = `vec4<${element}>`;
  const code = `
${place(shape)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroupIndex(id) * ${THREADS} + lane;
  if (i >= COUNT) { return; }
  let g = vec4f(gateUp[gateAt(i)]);
  let u = vec4f(gateUp[gateAt(i) + WIDTH]);
  let da = vec4f(activation[i]);
  let sigma = 1 / (1 + exp(-g));
  activation[i] = ${vector}(g * sigma * u);
  gateUp[gateAt(i)] = ${vector}(da * u * sigma * (1 + g * (1 - sigma)));
  gateUp[gateAt(i) + WIDTH] = ${vector}(da * g * sigma);
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "gateUp", type: vector, access: "read_write", buffer: buffers.gateUp },
      { name: "activation", type: vector, access: "read_write", buffer: buffers.activation },
    ],
    workgroups: Math.ceil(rows * width / 4 / THREADS),
    flops: 12 * rows * width,
    bytes: 6 * rows * width * bytesOf(element),
  });
}
