/**
 * What a model weighs.
 * @module
 */
import { type ModelConfig, parameterLayout } from "./config.ts";

/** Bytes of a 32-bit float. */
const FLOAT_BYTES = 4;

/** A model's parameters by where they sit, and the memory that they need. */
export interface ModelDescription {
  readonly config: ModelConfig;
  /** Trainable parameters; a tied head counts once. */
  readonly parameters: number;
  /** Of them: the embedding and an untied head. */
  readonly embeddingParameters: number;
  /** In float32, without activations. */
  readonly memory: {
    readonly weightBytes: number;
    /** Weights, gradients and AdamW's two moments. */
    readonly trainingStateBytes: number;
  };
}

/** Counts a model's parameters and bytes. */
export function describeModel(config: ModelConfig): ModelDescription {
  const count = (specs: readonly { size: number }[]) => specs.reduce((sum, { size }) => sum + size, 0);
  const layout = parameterLayout(config);
  const parameters = count(layout);
  return {
    config,
    parameters,
    embeddingParameters: count(layout.filter(({ kind }) => kind === "embedding" || kind === "head")),
    memory: { weightBytes: FLOAT_BYTES * parameters, trainingStateBytes: 4 * FLOAT_BYTES * parameters },
  };
}
