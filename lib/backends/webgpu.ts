/**
 * The backend of a machine with a GPU: our own kernels under a fixed plan (kernels/webgpu), through Deno's WebGPU or Dawn.
 *
 * On the f16 and tensor tiers activations and their gradients are f16. Their gradients are multiplied by a loss scale, a power
 * of two, so that small ones do not vanish: a step whose gradient overflows is computed again with half the scale,
 * and every 256th update tries twice the scale. The scale is part of the state, so a resumed run repeats the bits.
 * @module
 */
import { type Device, openDevice, type Provider, type Tier } from "../../kernels/webgpu/device/device.ts";
import { REPORT, SETTINGS, SETTINGS_LENGTH } from "../../kernels/webgpu/ops/adamw.ts";
import { type BatchPlan, TransformerModel } from "../../kernels/webgpu/plan/transformer.ts";
import type { BatchShape } from "../../kernels/webgpu/plan/transformer_activations.ts";
import { KINDS } from "../../kernels/webgpu/plan/transformer_parameters.ts";
import type { Tuning } from "../../kernels/webgpu/tuning.ts";
import { canonicalJson } from "../core/artefacts.ts";
import { checkModelConfig, type ModelConfig, parameterCount } from "../model/config.ts";
import type {
  ForwardBackend,
  SequenceLoss,
  StepResult,
  TokenBatch,
  TrainBackend,
  TrainState,
  UpdateSettings,
} from "./backend.ts";
import { checkBatch, countTargets, sum, totalWeight } from "./batch.ts";
import { checkLength } from "./influence.ts";
import { checkState, STATE_ARRAYS } from "./state.ts";
import {
  type Inputs,
  shapeOf,
  writeInputs,
  writeTargets,
  writeTeacher,
  writeTokenRuns,
} from "./webgpu_batch.ts";
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

/** Where f16 gradients begin; in the middle of f16's range for the gradient of one token's loss. */
export const FIRST_LOSS_SCALE = 64;

/** Updates after which a larger scale is tried. */
const GROWTH_INTERVAL = 256;

const LARGEST_LOSS_SCALE = 2 ** 15;

/** Stands for no clipping: WGSL may assume that numbers are finite. */
const NO_LIMIT = 1e30;

/**
 * The WebGPU backend, with all weights 0 until `importState`.
 *
 * @throws {UsageError} for a config that describes no computable model.
 * @throws {RunError} where no GPU offers what was asked for, or the model does not fit into its memory.
 */
export async function createWebgpuBackend(
  config: ModelConfig,
  options: WebgpuOptions = {},
): Promise<TrainBackend> {
  checkModelConfig(config);
  return new WebgpuBackend(config, await openModel(config, "all", options), options);
}

/**
 * A model to ask on a GPU: its weights, and their f16 copy on the f16 and tensor tiers.
 *
 * @param weights [parameters], copied.
 * @throws {UsageError} as `createWebgpuBackend`, and for another number of weights.
 * @throws {RunError} as `createWebgpuBackend`.
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
async function openModel(
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
class WebgpuForward implements ForwardBackend {
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

class WebgpuBackend extends WebgpuForward implements TrainBackend {
  /** Updates done. */
  #step = 0;
  #lossScale: number;

  constructor(config: ModelConfig, model: TransformerModel, private readonly options: WebgpuOptions) {
    super(config, model);
    this.#lossScale = this.#firstLossScale();
  }

  async step(microBatches: readonly TokenBatch[], update: UpdateSettings): Promise<StepResult> {
    const { loss, gradientNorm, finite } = await this.#accumulate(microBatches, update);
    if (finite) {
      this.#step++;
      const grows = this.#lossScale > 1 && this.#step % GROWTH_INTERVAL === 0;
      if (grows) this.#lossScale = Math.min(2 * this.#lossScale, LARGEST_LOSS_SCALE);
    }
    const tokens = microBatches.reduce((sum, batch) => sum + countTargets(batch), 0);
    return { loss, gradientNorm, tokens };
  }

  async gradient(microBatches: readonly TokenBatch[]): Promise<{ loss: number; gradient: Float32Array }> {
    const { loss, gradientFactor } = await this.#accumulate(microBatches, null);
    return { loss, gradient: await asRunError(this.model.parameters.read("gradient", gradientFactor)) };
  }

  async exportState(): Promise<TrainState> {
    const { parameters } = this.model;
    return {
      step: this.#step,
      weights: await asRunError(parameters.read("weights")),
      firstMoment: await asRunError(parameters.read("firstMoment")),
      secondMoment: await asRunError(parameters.read("secondMoment")),
      ...(this.device.tier !== "f32" && { lossScale: this.#lossScale }),
      tuning: this.device.tuning,
    };
  }

  async importState(state: TrainState): Promise<void> {
    checkState(this.config, state);
    await this.#retune(state.tuning);
    for (const name of STATE_ARRAYS) this.model.parameters.write(name, state[name]);
    this.model.cast?.submit();
    this.#step = state.step;
    this.#lossScale = this.#firstLossScale(state.lossScale);
    await asRunError(this.device.settled());
  }

  /** Moves to a device with the tiles that a run began with; kernels are compiled for their tiles. */
  async #retune(tuning: Tuning | undefined): Promise<void> {
    const choices = ({ products }: Tuning) => canonicalJson(products);
    if (tuning === undefined || choices(tuning) === choices(this.device.tuning)) return;
    this.device[Symbol.dispose]();
    this.model = await openModel(this.config, "all", this.options, tuning);
  }

  /** f32 gradients need no scale. */
  #firstLossScale(saved = FIRST_LOSS_SCALE): number {
    return this.device.tier === "f32" ? 1 : saved;
  }

  /**
   * The gradient over all micro-batches, left on the device, times 1 / `gradientFactor`; with settings also the update, unless
   * the loss or the gradient is not finite at any loss scale.
   */
  async #accumulate(microBatches: readonly TokenBatch[], update: UpdateSettings | null) {
    for (const batch of microBatches) checkBatch(this.config, batch);
    const total = microBatches.reduce((total, batch) => total + totalWeight(batch), 0);
    const { vocabularySize } = this.config;
    const training = { recompute: this.options.recompute ?? false };
    for (;;) {
      const gradientFactor = 1 / (this.#lossScale * total);
      this.device.write(this.model.settings, this.#settings(gradientFactor, update));
      this.model.begin.submit();
      const plans = new Set([
        this.model.begin,
        this.model.measure,
        ...(update ? [this.model.update] : []),
      ]);
      for (const batch of microBatches) {
        const plan = await this.plan(shapeOf(batch, training));
        writeInputs(this.device, plan.activations, batch);
        plan.forward.submit();
        // The forward pass does not read these: they are made while it runs.
        writeTargets(this.device, plan.activations, batch);
        writeTokenRuns(this.device, plan.activations, batch, vocabularySize);
        if (batch.teacher !== undefined) {
          writeTeacher(this.device, plan.activations, batch.teacher, vocabularySize);
        }
        plan.loss.submit();
        plans.add(plan.forward).add(plan.loss);
      }
      this.model.measure.submit();
      if (update !== null) this.model.update.submit();
      // The next step's commands, while the device works on this one's.
      for (const plan of plans) plan.prepare();
      const report = new Float32Array(await asRunError(this.device.read(this.model.report)));
      // The report has an entry for each of its names.
      const [sum, gradientNorm, finite] = [REPORT.loss, REPORT.gradientNorm, REPORT.finite].map((i) =>
        report[i] as number
      ) as [number, number, number];
      if (finite === 1 || !Number.isFinite(sum) || this.#lossScale <= 1) {
        return { loss: sum / total, gradientNorm, finite: finite === 1, gradientFactor };
      }
      this.#lossScale /= 2;
    }
  }

  #settings(gradientFactor: number, update: UpdateSettings | null): Float32Array {
    const settings = new Float32Array(SETTINGS_LENGTH);
    settings[SETTINGS.lossScale] = this.#lossScale;
    settings[SETTINGS.gradientFactor] = gradientFactor;
    settings[SETTINGS.maxGradientNorm] = NO_LIMIT;
    if (update === null) return settings;
    const { learningRate, beta1, beta2, epsilon, weightDecay, decayedKinds, maxGradientNorm } = update;
    const step = this.#step + 1;
    settings[SETTINGS.maxGradientNorm] = Math.min(maxGradientNorm, NO_LIMIT);
    settings[SETTINGS.rate] = learningRate / (1 - beta1 ** step);
    settings[SETTINGS.beta1] = beta1;
    settings[SETTINGS.beta2] = beta2;
    settings[SETTINGS.epsilon] = epsilon;
    settings[SETTINGS.correction] = Math.sqrt(1 - beta2 ** step);
    KINDS.forEach((kind, i) => {
      settings[SETTINGS.keep + i] = decayedKinds.includes(kind) ? 1 - learningRate * weightDecay : 1;
    });
    return settings;
  }
}
