/**
 * Influence on the WebAssembly kernels: what a training step costs and little more, the same bits at any number of workers.
 * @module
 */
import { LOGIT_BYTES } from "../../kernels/wasm/memory/batch.ts";
import type { InfluenceMemory } from "../../kernels/wasm/memory/influence.ts";
import type { InfluenceRun } from "../../kernels/wasm/plan.ts";
import type { TransformerRuntime } from "../../kernels/wasm/runtime.ts";
import { type ModelConfig, parameterCount, type ParameterSpec } from "../model/config.ts";
import type { TokenBatch } from "./backend.ts";
import { checkBatch } from "./batch.ts";
import {
  checkLength,
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
import { shapeOf, writeInputs, writeTargets } from "./wasm_batch.ts";
import { asRunError, type RuntimeOptions, startRuntime, translated } from "./wasm_runtime.ts";

/**
 * Influence on the WebAssembly kernels, with all weights 0 until `load`. Batches should have several sequences for each worker.
 *
 * Memory beside the weights and a batch's activations: for each vector, the vector and its packed panels.
 *
 * @throws {UsageError} for a config that describes no computable model, or a number of workers that is none.
 * @throws {RunError} where the model does not fit into 4 GiB.
 */
export async function createWasmInfluence(
  config: ModelConfig,
  tensors: InfluenceTensors,
  options: RuntimeOptions = {},
): Promise<InfluenceBackend> {
  return new WasmInfluence(config, tensors, await startRuntime(config, options));
}

class WasmInfluence implements InfluenceBackend {
  readonly parameters: number;
  readonly groups: readonly ParameterSpec[];

  constructor(
    readonly config: ModelConfig,
    readonly tensors: InfluenceTensors,
    readonly runtime: TransformerRuntime,
  ) {
    this.parameters = parameterCount(config);
    this.groups = influenceGroups(config, tensors);
  }

  async load(weights: Float32Array): Promise<void> {
    checkLength("weights", weights, this.parameters);
    this.runtime.parameters(this.runtime.model.weights).set(weights);
    await asRunError(this.runtime.run({ program: "pack" }));
  }

  async sequenceProducts(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<readonly Float64Array[]> {
    return (await this.#products("influence products", batch, vectors)).slice(0, vectors.length);
  }

  async sequenceProductsAndNorms(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<SequenceProducts> {
    const results = await this.#products("influence products and norms", batch, vectors);
    // The norms come last.
    return { products: results.slice(0, vectors.length), squaredNorms: results.at(-1) as Float64Array };
  }

  async addWeightedGradients(batch: TokenBatch, sums: readonly WeightedSum[]): Promise<void> {
    checkSums(this, batch, sums);
    const { runtime, groups } = this;
    const writeWeights = ({ vectors }: InfluenceMemory, first: number, { sequences, length }: TokenBatch) => {
      for (const [v, { rowWeights }] of vectors.entries()) {
        const { coefficients } = sums[v] as WeightedSum; // One vector a sum.
        for (const [group, place] of rowWeights.entries()) {
          const weights = runtime.floats(place, sequences * length);
          for (let i = 0; i < sequences; i++) {
            const coefficient = coefficients[(first + i) * groups.length + group] as number;
            weights.fill(coefficient, i * length, (i + 1) * length);
          }
        }
      }
    };
    await this.#run("influence sums", batch, sums.length, writeWeights, ({ vectors }) => {
      for (const [v, { values }] of vectors.entries()) {
        const { sum } = sums[v] as WeightedSum;
        const part = runtime.parameters(values);
        for (const { offset, size } of groups) {
          for (let i = offset; i < offset + size; i++) sum[i] = (sum[i] as number) + (part[i] as number);
        }
      }
    });
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime[Symbol.dispose]();
  }

  /** Products with each vector, then squared norms, [sequences × groups] each. */
  async #products(
    program: InfluenceRun["program"],
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<Float64Array[]> {
    checkVectors(this, vectors);
    const { runtime, groups } = this;
    const results = Array.from(
      { length: vectors.length + 1 },
      () => new Float64Array(batch.sequences * groups.length),
    );
    const writeVectors = (memory: InfluenceMemory) => {
      for (const [v, { values }] of memory.vectors.entries()) {
        runtime.parameters(values).set(vectors[v] as Float32Array); // As many as were asked for.
      }
    };
    await this.#run(program, batch, vectors.length, writeVectors, (memory, first, { sequences }) => {
      const count = sequences * groups.length;
      results.forEach((result, i) =>
        result.set(runtime.doubles(memory.results + 8 * i * count, count), first * groups.length)
      );
    });
    return results;
  }

  /** Runs a batch, so many sequences at a time as logits are held for; `write` and `read` see each part and its first sequence. */
  async #run(
    program: InfluenceRun["program"],
    batch: TokenBatch,
    vectors: number,
    write: (memory: InfluenceMemory, first: number, part: TokenBatch) => void,
    read: (memory: InfluenceMemory, first: number, part: TokenBatch) => void,
  ): Promise<void> {
    checkBatch(this.config, batch);
    const weighted = { ...batch, weights: meanWeights(batch) };
    const logitBytes = 4 * this.config.vocabularySize * batch.length;
    const parts = Math.ceil(batch.sequences / Math.max(1, Math.floor(LOGIT_BYTES / logitBytes)));
    const most = Math.ceil(batch.sequences / parts);
    const influence = { tensors: this.tensors, vectors };
    for (let first = 0; first < batch.sequences; first += most) {
      const part = sequencesOf(weighted, first, Math.min(most, batch.sequences - first));
      const shape = { ...shapeOf(part, true), wholeLogits: true };
      const places = this.#place(shape, influence);
      writeInputs(this.runtime, places.memory, part);
      writeTargets(this.runtime, places.memory, part);
      write(places.influence, first, part);
      await asRunError(this.runtime.run({ program, batch: shape, influence }));
      read(places.influence, first, part);
    }
  }

  #place(...shapes: Parameters<TransformerRuntime["placeInfluence"]>) {
    try {
      return this.runtime.placeInfluence(...shapes);
    } catch (error) {
      throw translated(error);
    }
  }
}
