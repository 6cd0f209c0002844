/**
 * Influence on a GPU: what a training step costs and little more, under a fixed plan of one submission a batch.
 *
 * On the f16 tiers gradients are multiplied by a loss scale, as in training, which is divided out of every result; where one
 * overflows, it is computed again with half the scale. Vectors are rounded to f16 with a scale for each matrix.
 * @module
 */
import { openDevice } from "../../kernels/webgpu/device/open.ts";
import { InfluenceModel } from "../../kernels/webgpu/plan/influence.ts";
import type { InfluenceVector } from "../../kernels/webgpu/plan/influence_buffers.ts";
import { checkModelConfig, type ModelConfig, parameterCount, type ParameterSpec } from "../model/config.ts";
import type { TokenBatch } from "./backend.ts";
import { checkBatch } from "./batch.ts";
import {
  checkLength,
  checkSums,
  checkVectors,
  influenceGroups,
  type InfluenceTensors,
  type SequenceProducts,
  type WeightedSum,
} from "./influence.ts";
import type { Batches, StreamingInfluence, WeightedBatch } from "./influence_stream.ts";
import { FIRST_LOSS_SCALE } from "./webgpu.ts";
import { asRunError } from "./webgpu_errors.ts";
import type { WebgpuOptions } from "./webgpu_forward.ts";
import { InfluenceSection } from "./webgpu_influence_section.ts";
import { InfluenceSession } from "./webgpu_influence_session.ts";
import { InfluenceSums } from "./webgpu_influence_sums.ts";

/**
 * Influence on WebGPU, with all weights 0 until `load`.
 *
 * Memory of the device, beside the weights and a batch's activations: for each vector or sum 4 bytes a parameter, 6 on the f16 tiers.
 * All logits of a sequence exist at once, in the tier's own type.
 *
 * @throws {UsageError} for a config that describes no computable model.
 * @throws {RunError} where no GPU offers what was asked for, or the model does not fit into its memory.
 */
export async function createWebgpuInfluence(
  config: ModelConfig,
  tensors: InfluenceTensors,
  { provider = "auto", tier = "auto" }: Pick<WebgpuOptions, "provider" | "tier"> = {},
): Promise<StreamingInfluence> {
  checkModelConfig(config);
  const device = await asRunError(openDevice({ provider, tier }));
  try {
    const model = await asRunError(InfluenceModel.create(device, config, tensors));
    return new WebgpuInfluence(config, model, influenceGroups(config, tensors));
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}

type ProductWork = "products" | "products and norms";

/** A batch on the device. */
interface Submitted {
  readonly work: ProductWork;
  readonly batch: TokenBatch;
  readonly vectors: readonly InfluenceVector[];
  /** Results as the device has them. */
  readonly raw: Promise<ArrayBuffer>;
  readonly lossScale: number;
}

class WebgpuInfluence implements StreamingInfluence {
  readonly parameters: number;
  readonly #session: InfluenceSession;
  readonly #sums: InfluenceSums;

  constructor(
    readonly config: ModelConfig,
    private readonly model: InfluenceModel,
    readonly groups: readonly ParameterSpec[],
  ) {
    this.parameters = parameterCount(config);
    this.#session = new InfluenceSession(config, model);
    this.#sums = new InfluenceSums(this.#session, groups);
  }

  async load(weights: Float32Array): Promise<void> {
    checkLength("weights", weights, this.parameters);
    const { device, parameters, cast } = this.model;
    parameters.write("weights", weights);
    cast?.submit();
    this.#session.lossScale = device.tier === "f32" ? 1 : FIRST_LOSS_SCALE;
    await asRunError(device.settled());
  }

  async sequenceProducts(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<readonly Float64Array[]> {
    return await first(this.streamProducts([batch], vectors));
  }

  async sequenceProductsAndNorms(
    batch: TokenBatch,
    vectors: readonly Float32Array[],
  ): Promise<SequenceProducts> {
    return await first(this.streamProductsAndNorms([batch], vectors));
  }

  async addWeightedGradients(batch: TokenBatch, sums: readonly WeightedSum[]): Promise<void> {
    checkSums(this, batch, sums);
    await this.addAllWeightedGradients(
      [{ batch, coefficients: sums.map(({ coefficients }) => coefficients) }],
      sums.map(({ sum }) => sum),
    );
  }

  async *streamProducts(
    batches: Batches,
    vectors: readonly Float32Array[],
  ): AsyncGenerator<readonly Float64Array[], void, void> {
    for await (const results of this.#stream("products", batches, vectors)) {
      yield results.slice(0, vectors.length);
    }
  }

  async *streamProductsAndNorms(
    batches: Batches,
    vectors: readonly Float32Array[],
  ): AsyncGenerator<SequenceProducts, void, void> {
    for await (const results of this.#stream("products and norms", batches, vectors)) {
      // The norms come last.
      yield { products: results.slice(0, vectors.length), squaredNorms: results.at(-1) as Float64Array };
    }
  }

  async addAllWeightedGradients(
    batches: Iterable<WeightedBatch> | AsyncIterable<WeightedBatch>,
    sums: readonly Float32Array[],
  ): Promise<void> {
    for (const [i, sum] of sums.entries()) checkLength(`sums[${i}]`, sum, this.parameters);
    const held = await asRunError(this.model.vectors(sums.length));
    let section = new InfluenceSection(sums.length, this.groups.length);
    for await (const weighted of batches) {
      const { batch, coefficients } = weighted;
      checkBatch(this.config, batch);
      checkSums(
        this,
        batch,
        sums.map((sum, i) => ({ sum, coefficients: coefficients[i] ?? new Float32Array() })),
      );
      if (!section.takes(weighted)) {
        await this.#sums.finish(section, held, sums);
        section = new InfluenceSection(sums.length, this.groups.length);
      }
      if (section.batches.length === 0) held.forEach((vector) => vector.clear.submit());
      section.add(weighted);
      await this.#sums.add(section, weighted);
    }
    await this.#sums.finish(section, held, sums);
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.model.device[Symbol.dispose]();
  }

  /** Brings vectors to the device. */
  async #hold(vectors: readonly Float32Array[]): Promise<readonly InfluenceVector[]> {
    checkVectors(this, vectors);
    const held = await asRunError(this.model.vectors(vectors.length));
    // As many as were asked for.
    held.forEach((vector, i) => vector.write(vectors[i] as Float32Array));
    return held;
  }

  /** Products with each vector, then squared norms, [sequences × groups] each; a batch is on the device while the one before it is read. */
  async *#stream(
    work: ProductWork,
    batches: Batches,
    vectors: readonly Float32Array[],
  ): AsyncGenerator<Float64Array[], void, void> {
    const held = await this.#hold(vectors);
    let before: Submitted | undefined;
    for await (const batch of batches) {
      const submitted = await this.#submit(work, batch, held);
      if (before !== undefined) yield await this.#results(before);
      before = submitted;
    }
    if (before !== undefined) yield await this.#results(before);
  }

  async #submit(
    work: ProductWork,
    batch: TokenBatch,
    vectors: readonly InfluenceVector[],
  ): Promise<Submitted> {
    const { device } = this.model;
    const plans = await this.#session.plans(batch, vectors.length);
    const plan = await asRunError(plans.plan(work));
    this.#session.write(plans, batch);
    plan.submit();
    const raw = device.read(plans.buffers.results);
    // It is awaited only after the batch before it, whose failure must not leave this one's unhandled.
    raw.catch(() => {});
    plan.prepare();
    return { work, batch, vectors, raw, lossScale: this.#session.lossScale };
  }

  async #results({ work, batch, vectors, raw, lossScale }: Submitted): Promise<Float64Array[]> {
    const values = new Float32Array(await asRunError(raw));
    if (lossScale > 1 && !values.every(Number.isFinite)) {
      this.#session.lossScale = Math.min(this.#session.lossScale, lossScale / 2);
      return await this.#results(await this.#submit(work, batch, vectors));
    }
    const { groups } = this.model;
    const { sequences, length } = batch;
    const gradientScale = lossScale * length;
    return Array.from(
      { length: vectors.length + 1 },
      (_, v) =>
        Float64Array.from({ length: sequences * groups.length }, (_, i) => {
          const [sequence, index] = [Math.floor(i / groups.length), i % groups.length];
          const group = groups[index] as InfluenceModel["groups"][number]; // Below their number.
          const value = values[(v * groups.length + index) * sequences + sequence] as number;
          return value / gradientScale / (vectors[v]?.scale(group) ?? gradientScale);
        }),
    );
  }
}

/** What a stream of one gives. */
async function first<T>(stream: AsyncGenerator<T, void, void>): Promise<T> {
  const { value } = await stream.next();
  await stream.return();
  return value as T; // Of one batch there is one result.
}
