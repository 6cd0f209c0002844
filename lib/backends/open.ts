/**
 * Opens a backend by name.
 * @module
 */
import type { ModelConfig } from "../model/config.ts";
import type { ForwardBackend, TrainBackend } from "./backend.ts";
import type { InfluenceBackend, InfluenceTensors } from "./influence.ts";
import { freshState } from "./state.ts";

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

/**
 * A model to ask: a teacher, a judge, one to evaluate. On wasm and webgpu it has no room for gradient and moments, a third of what
 * training holds and less; tfjs, the oracle, opens one that could be trained.
 *
 * @param weights [parameters], copied.
 */
export async function openForward(
  name: "wasm" | "webgpu" | "tfjs",
  config: ModelConfig,
  weights: Float32Array,
  options: BackendOptions,
): Promise<ForwardBackend> {
  switch (name) {
    case "wasm":
      return await (await import("./wasm.ts")).createWasmForward(config, weights, options);
    case "webgpu":
      return await (await import("./webgpu_forward.ts")).createWebgpuForward(config, weights);
    case "tfjs": {
      const backend = await openBackend(name, config, options);
      await backend.importState(freshState(weights));
      return backend;
    }
  }
}

/** The same for influence; the weights are zero until `load`. */
export async function openInfluence(
  name: "wasm" | "webgpu" | "tfjs",
  config: ModelConfig,
  tensors: InfluenceTensors,
  { workers }: Pick<BackendOptions, "workers">,
): Promise<InfluenceBackend> {
  switch (name) {
    case "wasm":
      return await (await import("./wasm_influence.ts")).createWasmInfluence(
        config,
        tensors,
        workers === undefined ? {} : { workers },
      );
    case "webgpu":
      return await (await import("./webgpu_influence.ts")).createWebgpuInfluence(config, tensors);
    case "tfjs":
      return await (await import("./tfjs_influence.ts")).createTfjsInfluence(config, tensors);
  }
}
