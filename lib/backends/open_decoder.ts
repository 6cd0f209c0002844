/**
 * Opens a decoder by name.
 * @module
 */
import type { Provider, Tier } from "../../kernels/webgpu/device/device.ts";
import type { DecodeBackend, DecodeOptions, DecoderWeights } from "./decode.ts";

/** Room for sequences, and what each kind of hardware may be told. */
export interface DecoderOptions extends DecodeOptions {
  /** Threads of the CPU; absent: one a core. */
  readonly workers?: number;
  /** Of the GPU; absent or "auto": the fastest that works. */
  readonly provider?: Provider | "auto";
  /** Of the GPU; absent or "auto": the fastest that works. */
  readonly tier?: Tier | "auto";
}

/**
 * A decoder with the weights that it is given. Modules load on demand.
 *
 * @throws {UsageError} for a config, options or weights that describe nothing computable.
 * @throws {RunError} where the hardware is missing, or too small.
 */
export async function openDecoder(
  name: "wasm" | "webgpu",
  weights: DecoderWeights,
  { slots, capacity, workers, provider = "auto", tier = "auto" }: DecoderOptions,
): Promise<DecodeBackend> {
  switch (name) {
    case "wasm": {
      const { createWasmDecoder } = await import("./wasm_decode.ts");
      return await createWasmDecoder(weights, { slots, capacity, ...(workers !== undefined && { workers }) });
    }
    case "webgpu": {
      const { openDevice } = await import("../../kernels/webgpu/device/open.ts");
      const { createWebgpuDecoder } = await import("./webgpu_decode.ts");
      const { asRunError } = await import("./webgpu_errors.ts");
      const device = await asRunError(openDevice({ provider, tier }));
      return await createWebgpuDecoder(weights, { slots, capacity }, device);
    }
  }
}
