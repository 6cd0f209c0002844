/**
 * The backend of a machine with a GPU: our own kernels under a fixed plan (kernels/webgpu), through Deno's WebGPU or Dawn.
 *
 * On the f16 and tensor tiers activations and their gradients are f16. Their gradients are multiplied by a loss scale, a power
 * of two, so that small ones do not vanish: a step whose gradient overflows is computed again with half the scale,
 * and every 256th update tries twice the scale. The scale is part of the state, so a resumed run repeats the bits.
 * @module
 */
import { REPORT, SETTINGS, SETTINGS_LENGTH } from "../../kernels/webgpu/ops/adamw.ts";
import type { TransformerModel } from "../../kernels/webgpu/plan/transformer.ts";
import { KINDS } from "../../kernels/webgpu/plan/transformer_parameters.ts";
import type { Tuning } from "../../kernels/webgpu/tuning.ts";
import { canonicalJson } from "../core/artefacts.ts";
import { checkModelConfig, type ModelConfig } from "../model/config.ts";
import type { StepResult, TokenBatch, TrainBackend, TrainState, UpdateSettings } from "./backend.ts";
import { checkBatch, countTargets, totalWeight } from "./batch.ts";
import { checkState, STATE_ARRAYS } from "./state.ts";
import { shapeOf, writeInputs, writeTargets, writeTeacher, writeTokenRuns } from "./webgpu_batch.ts";
import { asRunError } from "./webgpu_errors.ts";
import { openModel, WebgpuForward, type WebgpuOptions } from "./webgpu_forward.ts";

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
