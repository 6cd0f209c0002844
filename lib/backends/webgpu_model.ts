/**
 * Which models the WebGPU kernels compute.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig } from "../model/config.ts";

/** @throws {UsageError} for a config that describes no computable model, or one that only the other backends compute. */
export function checkWebgpuModel(config: ModelConfig): void {
  checkModelConfig(config);
  if (config.queryKeyNorm === "before rope, weighted") {
    throw new UsageError(
      `Backend: webgpu computes no norm of queries and keys that has weights (a model of type ${config.type}); wasm does.`,
    );
  }
  if (config.ropeScaling !== null) {
    throw new UsageError("Backend: webgpu computes no scaled RoPE (ropeScaling of the model); wasm does.");
  }
}
