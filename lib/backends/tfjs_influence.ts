/**
 * Influence's oracle: the gradient of one sequence after the other, formed in full by the reference model.
 * @module
 */
import { type ModelConfig, parameterCount, type ParameterSpec } from "../model/config.ts";
import type { TokenBatch, TrainBackend } from "./backend.ts";
import { checkBatch } from "./batch.ts";
import {
  checkSums,
  checkVectors,
  type InfluenceBackend,
  influenceGroups,
  type InfluenceTensors,
  meanWeights,
  type SequenceProducts,
  sequencesOf,
  type WeightedSum,
} from "./influence.ts";
import { createTfjsBackend } from "./tfjs.ts";

/**
 * Influence on the tfjs backend, with all weights 0 until `load`.
 *
 * @throws {UsageError} for a config that describes no computable model.
 */
export async function createTfjsInfluence(
  config: ModelConfig,
  tensors: InfluenceTensors,
): Promise<InfluenceBackend> {
  return new TfjsInfluence(config, await createTfjsBackend(config), influenceGroups(config, tensors));
}

class TfjsInfluence implements InfluenceBackend {
  readonly parameters: number;

  constructor(
    readonly config: ModelConfig,
    readonly backend: TrainBackend,
    readonly groups: readonly ParameterSpec[],
  ) {
    this.parameters = parameterCount(config);
  }

  async load(weights: Float32Array): Promise<void> {
    const moments = new Float32Array(weights.length);
    await this.backend.importState({ step: 0, weights, firstMoment: moments, secondMoment: moments });
  }

  async sequenceProducts(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<readonly Float64Array[]> {
    return (await this.sequenceProductsAndNorms(batch, vectors)).products;
  }

  async sequenceProductsAndNorms(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<SequenceProducts> {
    checkVectors(this, vectors);
    const { groups } = this;
    const count = batch.sequences * groups.length;
    const products = vectors.map(() => new Float64Array(count));
    const squaredNorms = new Float64Array(count);
    let sequence = 0;
    for await (const gradient of this.#gradients(batch)) {
      for (const [i, { offset, size }] of groups.entries()) {
        const at = sequence * groups.length + i;
        const own = gradient.subarray(offset, offset + size);
        squaredNorms[at] = dot(own, own);
        vectors.forEach((vector, v) => {
          // One array of products a vector.
          (products[v] as Float64Array)[at] = dot(own, vector.subarray(offset, offset + size));
        });
      }
      sequence++;
    }
    return { products, squaredNorms };
  }

  async addWeightedGradients(batch: TokenBatch, sums: readonly WeightedSum[]): Promise<void> {
    checkSums(this, batch, sums);
    const { groups } = this;
    let sequence = 0;
    for await (const gradient of this.#gradients(batch)) {
      for (const { coefficients, sum } of sums) {
        for (const [i, { offset, size }] of groups.entries()) {
          const coefficient = coefficients[sequence * groups.length + i] as number;
          for (let j = offset; j < offset + size; j++) {
            sum[j] = (sum[j] as number) + coefficient * (gradient[j] as number);
          }
        }
      }
      sequence++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend[Symbol.asyncDispose]();
  }

  /** The gradient of each sequence's mean loss. */
  async *#gradients(batch: TokenBatch): AsyncGenerator<Float32Array> {
    checkBatch(this.config, batch);
    const weighted = { ...batch, weights: meanWeights(batch) };
    for (let sequence = 0; sequence < batch.sequences; sequence++) {
      const { gradient } = await this.backend.gradient([sequencesOf(weighted, sequence, 1)]);
      yield gradient;
    }
  }
}

/** a·b in 64 bits. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
