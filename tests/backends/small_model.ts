/** A model and batches small enough for any backend's tests. */
import type { TokenBatch, TrainBackend, UpdateSettings } from "../../lib/backends/backend.ts";
import { Random } from "../../lib/core/random.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";

export const SMALL_MODEL: ModelConfig = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 37,
  width: 16,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  feedForwardWidth: 24,
  initializerRange: 0.2,
};

/** Every function that a config may choose, beside its shape. */
export const FUNCTIONS: readonly Pick<ModelConfig, "type" | "queryKeyNorm" | "ropeScaling">[] = (
  [
    { type: "llama4_text", queryKeyNorm: "after rope" },
    { type: "llama4_text", queryKeyNorm: "none" },
    { type: "llama", queryKeyNorm: "none" },
    { type: "qwen3", queryKeyNorm: "before rope, weighted" },
  ] as const
).flatMap((chosen) => [
  { ...chosen, ropeScaling: null },
  {
    ...chosen,
    ropeScaling: { factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 32 },
  },
]);

export const UPDATE: UpdateSettings = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  decayedKinds: ["linear"],
  maxGradientNorm: 1,
};

/** Random tokens, targets and fractional weights. */
export function randomBatch(
  seed: number,
  sequences: number,
  length: number,
): Required<Pick<TokenBatch, "weights">> & TokenBatch {
  const random = Random.of(seed, "batch");
  const ids = (from: number) =>
    Uint32Array.from(
      { length: sequences * length },
      (_, i) => random.below(from + i, SMALL_MODEL.vocabularySize),
    );
  return {
    sequences,
    length,
    tokens: ids(0),
    targets: ids(1e6),
    weights: Float32Array.from({ length: sequences * length }, (_, i) => random.uniform(2e6 + i)),
  };
}

/** Gives a backend the weights, with fresh moments. */
export async function start(
  backend: TrainBackend,
  weights = initialise(backend.config, 1),
): Promise<TrainBackend> {
  await backend.importState({
    step: 0,
    weights,
    firstMoment: new Float32Array(weights.length),
    secondMoment: new Float32Array(weights.length),
  });
  return backend;
}
