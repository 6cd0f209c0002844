/**
 * Loading the kernels: which build this engine runs, and an instance over a shared memory.
 * @module
 */
import type { Kernels } from "./kernels.ts";

/** The build with fused multiply-adds (relaxed SIMD), or the one without. */
export type Variant = "relaxed" | "simd";

/** (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd): valid only with relaxed SIMD. */
// deno-fmt-ignore
const RELAXED_PROBE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b,
  3, 2, 1, 0,
  10, 13, 1, 11, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 0x02, 0x0b,
]);

/** Whether this engine has relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** Compiles a committed build. */
export async function compileKernels(variant: Variant): Promise<WebAssembly.Module> {
  const url = new URL(`./build/${variant}.wasm`, import.meta.url);
  return await WebAssembly.compile(await (await fetch(url)).arrayBuffer());
}

/** The kernels over a shared memory. */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
