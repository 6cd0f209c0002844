/**
 * Models to ask on a machine with a GPU, and what training them shares with it: a device, its model, plans by the shape of a batch.
 * @module
 */
import type { Device, Provider, Tier } from "../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../kernels/webgpu/device/open.ts";
import { type BatchPlan, TransformerModel } from "../../kernels/webgpu/plan/transformer.ts";
import type { BatchShape } from "../../kernels/webgpu/plan/transformer_activations.ts";
import type { Tuning } from "../../kernels/webgpu/tuning.ts";
import { checkModelConfig, type ModelConfig, parameterCount } from "../model/config.ts";
import type { ForwardBackend, SequenceLoss, TokenBatch } from "./backend.ts";
import { checkBatch, sum } from "./batch.ts";
import { checkLength } from "./influence.ts";
import { type Inputs, shapeOf, writeInputs, writeTargets } from "./webgpu_batch.ts";
import { asRunError } from "./webgpu_errors.ts";

/** Where and how the backend runs. */
export interface WebgpuOptions {
  /** Absent or "auto": the fastest that works. */
  readonly provider?: Provider | "auto";
  /** Absent or "auto": the fastest that works. */
  readonly tier?: Tier | "auto";
  /** Compute 60% of the activations again in the backward pass instead of keeping them; absent: false. */
  readonly recompute?: boolean;
}

/**
 * A model to ask on a GPU: its weights, and their f16 copy on the f16 and tensor tiers.
 *
 * @param weights [parameters], copied.
 * @throws {UsageError} for a config that describes no computable model, or another number of weights.
 * @throws {RunError} where no GPU offers what was asked for, or the model does not fit into its memory.
 */
export async function createWebgpuForward(
  config: ModelConfig,
  weights: Float32Array,
  options: WebgpuOptions = {},
): Promise<ForwardBackend> {
  checkModelConfig(config);
  checkLength("weights", weights, parameterCount(config));
  const model = await openModel(config, "weights", options);
  model.parameters.write("weights", weights);
  model.cast?.submit();
  await asRunError(model.device.settled());
  return new WebgpuForward(config, model);
}

/** A model with its buffers on a device of its own. */
export async function openModel(
  config: ModelConfig,
  arrays: "all" | "weights",
  options: WebgpuOptions,
  tuning?: Tuning,
): Promise<TransformerModel> {
  const { provider = "auto", tier = "auto" } = options;
  const device = await asRunError(openDevice({ provider, tier, ...(tuning && { tuning }) }));
  try {
    return await asRunError(TransformerModel.create(device, config, arrays));
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}

/** What needs no gradient. */
export class WebgpuForward implements ForwardBackend {
  readonly name = "webgpu";
  readonly description: string;

  constructor(readonly config: ModelConfig, protected model: TransformerModel) {
    const { provider, tier, adapter } = this.device;
    this.description = `webgpu, ${adapter} through ${provider === "dawn" ? "Dawn" : "Deno"}, ${tier}`;
  }

  protected get device(): Device {
    return this.model.device;
  }

  async evaluate(batch: TokenBatch): Promise<SequenceLoss> {
    checkBatch(this.config, batch);
    const { sequences, length, weights } = batch;
    const plan = await this.plan(shapeOf(batch, null));
    writeInputs(this.device, plan.activations, batch);
    writeTargets(this.device, plan.activations, batch);
    plan.forward.submit();
    plan.loss.submit();
    const sums = await asRunError(this.device.read(plan.activations.sequenceLosses, 0, 4 * sequences));
    return {
      negativeLogLikelihood: new Float32Array(sums),
      weight: Float32Array.from(
        { length: sequences },
        (_, i) => weights === undefined ? length : sum(weights.subarray(i * length, (i + 1) * length)),
      ),
    };
  }

  async logits(batch: Inputs, positions: "all" | "last" = "all"): Promise<Float32Array> {
    checkBatch(this.config, batch);
    const { sequences, length } = batch;
    const { vocabularySize } = this.config;
    const plan = await this.plan(shapeOf(batch, null));
    writeInputs(this.device, plan.activations, batch);
    plan.forward.submit();
    const { logits, logitRows, logitStride, element } = plan.activations;
    const rows = positions === "all" ? sequences * length : sequences;
    const step = positions === "all" ? 1 : length;
    const result = new Float32Array(rows * vocabularySize);
    for (let first = 0; first < rows; first += logitRows) {
      const count = Math.min(logitRows, rows - first);
      (await asRunError(plan.logits((first + 1) * step - 1, count, step))).submit();
      const bytes = await asRunError(this.device.read(logits));
      const block = element === "f16" ? new Float16Array(bytes) : new Float32Array(bytes);
      for (let row = 0; row < count; row++) {
        const from = row * logitStride;
        result.set(block.subarray(from, from + vocabularySize), (first + row) * vocabularySize);
      }
    }
    return result;
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.device[Symbol.dispose]();
  }

  protected plan(shape: BatchShape): Promise<BatchPlan> {
    return asRunError(this.model.plan(shape));
  }
}
