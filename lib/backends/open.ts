/**
 * Opens a backend by name.
 * @module
 */
import type { ModelConfig } from "../model/config.ts";
import type { TrainBackend } from "./backend.ts";

/** Settings of the CPU backend; the others choose for themselves. */
export interface BackendOptions {
  /** Threads; absent: one a core. */
  readonly workers?: number;
  /** auto: products by a system BLAS where one is found. */
  readonly blas: "off" | "auto";
}

/** A backend with zero weights; `importState` gives it some. Modules load on demand: tfjs is large. */
export async function openBackend(
  name: "wasm" | "webgpu" | "tfjs",
  config: ModelConfig,
  options: BackendOptions,
): Promise<TrainBackend> {
  switch (name) {
    case "wasm":
      return await (await import("./wasm.ts")).createWasmBackend(config, options);
    case "webgpu":
      return await (await import("./webgpu.ts")).createWebgpuBackend(config);
    case "tfjs":
      return await (await import("./tfjs.ts")).createTfjsBackend(config);
  }
}
