/**
 * Starting the WebAssembly kernels, and what their failures mean to a caller.
 * @module
 */
import { MemoryLimitError } from "../../kernels/wasm/memory/arena.ts";
import type { Variant } from "../../kernels/wasm/module.ts";
import { WorkerError } from "../../kernels/wasm/pool.ts";
import { TransformerRuntime } from "../../kernels/wasm/runtime.ts";
import type { TransformerShape } from "../../kernels/wasm/shape.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig } from "../model/config.ts";

/** How the kernels run. */
export interface RuntimeOptions {
  /** Threads; absent: one a core. */
  readonly workers?: number;
  /** Build of the kernels; absent or "auto": with fused multiply-adds where the engine has them. */
  readonly variant?: Variant | "auto";
}

/**
 * Workers over a memory that holds the model, all weights 0.
 *
 * @param config The model, and whether it is trained.
 * @param blas Path of a BLAS that computes the products; absent: our own kernels.
 * @throws {UsageError} for a config that describes no computable model, or a number of workers that is none.
 * @throws {RunError} where the model does not fit into 4 GiB.
 */
export async function startRuntime(
  config: ModelConfig & Pick<TransformerShape, "purpose">,
  options: RuntimeOptions,
  blas?: string,
): Promise<TransformerRuntime> {
  const workers = checkWorkers(config, options);
  return await asRunError(TransformerRuntime.start(config, { workers, blas }, options.variant ?? "auto"));
}

/**
 * The number of workers for a model.
 *
 * @throws {UsageError} for a config that describes no computable model, or a number of workers that is none.
 */
export function checkWorkers(config: ModelConfig, options: RuntimeOptions): number {
  checkModelConfig(config);
  const workers = options.workers ?? navigator.hardwareConcurrency;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new UsageError(`Backend: workers is ${workers}, expected a whole number above 0.`);
  }
  return workers;
}

/** The error that a caller expects: the kernels know nothing of exit codes. */
export function translated(error: unknown): unknown {
  const ours = error instanceof MemoryLimitError || error instanceof WorkerError;
  return ours ? new RunError(error.message, { cause: error }) : error;
}

/** Work whose errors are translated. */
export async function asRunError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translated(error);
  }
}
