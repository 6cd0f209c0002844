/**
 * Training steps without the rest of the workbench: a model with random weights, random tokens, and the clock.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import { REPORT, SETTINGS, SETTINGS_LENGTH } from "../webgpu/ops/adamw.ts";
import { tokenRuns } from "../webgpu/ops/embedding.ts";
import type { DispatchTime } from "../webgpu/plan/plan.ts";
import { type BatchPlan, TransformerModel } from "../webgpu/plan/transformer.ts";
import type { BatchShape } from "../webgpu/plan/transformer_activations.ts";
import type { TransformerShape } from "../webgpu/plan/transformer_parameters.ts";
import { numbers, words } from "./random.ts";

/** MobileLLM-R1's family with a head size of 64. */
export function family(
  layers: number,
  heads: number,
  keyValueHeads: number,
  width: number,
  feedForwardWidth: number,
  vocabularySize = 128256,
): TransformerShape {
  return {
    vocabularySize,
    width,
    layers,
    heads,
    keyValueHeads,
    headSize: 64,
    feedForwardWidth,
    ropeTheta: 1e6,
    ropeScaling: null,
    normEpsilon: 1e-5,
    queryKeyNorm: "after rope",
    tiedEmbeddings: true,
  };
}

/** The published sizes, and one that a software adapter can run. */
export const MODELS: Readonly<Record<string, TransformerShape>> = {
  "small": family(2, 2, 1, 128, 352, 4096),
  "140m": family(15, 9, 3, 576, 2048),
  "360m": family(15, 16, 4, 1024, 4096),
  "950m": family(22, 24, 6, 1536, 6144),
};

/** Matrix products' floating-point operations of a step: six a weight and token, and causal attention's. */
export function stepFlops(shape: TransformerShape, sequences: number, length: number): number {
  const { width, layers, heads, keyValueHeads, headSize, feedForwardWidth, vocabularySize } = shape;
  const layer = width * (2 * heads + 2 * keyValueHeads) * headSize + 3 * width * feedForwardWidth;
  const attention = 6 * 2 * heads * headSize * (length + 1) / 2;
  return sequences * length * (6 * (layers * layer + vocabularySize * width) + layers * attention);
}

/** What a batch may have beside tokens and targets; a teacher's logits as the first block of rows holds them. */
export interface BatchInputs {
  /** Position within its sequence at which each position's document begins; default: 0. */
  readonly starts?: Uint32Array;
  /** Of each position's loss; default: 1. */
  readonly weights?: Float32Array;
  readonly teacherLogits?: Float32Array;
  readonly teacherIds?: Uint32Array;
}

/** A model that trains on one batch shape. */
export class StepBench {
  #step = 0;
  #lossScale: number;

  private constructor(
    readonly device: Device,
    readonly model: TransformerModel,
    readonly batch: BatchShape,
    readonly plan: BatchPlan,
  ) {
    this.#lossScale = device.tier === "f32" ? 1 : 64;
  }

  static async create(
    device: Device,
    shape: TransformerShape,
    sequences: number,
    length: number,
    { recompute = false, teacher = null }: Partial<Pick<BatchShape, "recompute" | "teacher">> = {},
  ): Promise<StepBench> {
    const model = await TransformerModel.create(device, shape);
    model.parameters.write("weights", initialWeights(model));
    model.cast?.submit();
    const batch = { sequences, length, training: true, teacher, recompute };
    return new StepBench(device, model, batch, await model.plan(batch));
  }

  /** One step as the backend makes it, with its readback. */
  async step(tokens: Uint32Array, targets: Uint32Array, learningRate = 1e-3) {
    this.#writeInputs(tokens, learningRate);
    this.model.begin.submit();
    this.plan.forward.submit();
    this.#writeTargets(tokens, targets);
    this.plan.loss.submit();
    this.model.measure.submit();
    this.model.update.submit();
    // While the device works on this step.
    for (const plan of [this.plan.forward, this.plan.loss, this.model.measure, this.model.update]) {
      plan.prepare();
    }
    const report = new Float32Array(await this.device.read(this.model.report));
    const finite = report[REPORT.finite] === 1;
    if (finite) this.#step++;
    else this.#lossScale = Math.max(1, this.#lossScale / 2);
    return {
      loss: (report[REPORT.loss] ?? NaN) / tokens.length,
      norm: report[REPORT.gradientNorm] ?? NaN,
      finite,
    };
  }

  /** The true gradient of a batch, in the flat order. */
  async gradient(tokens: Uint32Array, targets: Uint32Array, inputs: BatchInputs = {}): Promise<Float32Array> {
    this.#writeInputs(tokens, 0, inputs);
    this.#writeTargets(tokens, targets, inputs);
    this.model.begin.submit();
    this.plan.forward.submit();
    this.plan.loss.submit();
    return await this.model.parameters.read("gradient", 1 / (this.#lossScale * tokens.length));
  }

  /** What gradients are multiplied by so that f16 holds them. */
  get lossScale(): number {
    return this.#lossScale;
  }

  /** Times of every dispatch of a step. */
  async profile(tokens: Uint32Array, targets: Uint32Array): Promise<DispatchTime[]> {
    this.#writeInputs(tokens, 1e-4);
    this.#writeTargets(tokens, targets);
    const times: DispatchTime[] = [];
    for (const plan of this.#plans) times.push(...await plan.profile());
    return times;
  }

  /** In the order of a step. */
  get #plans() {
    const { begin, measure, update } = this.model;
    return [begin, this.plan.forward, this.plan.loss, measure, update];
  }

  destroy(): void {
    this.plan.activations.destroy();
    const { weights, firstMoment, secondMoment, gradient, working } = this.model.parameters;
    for (const buffer of new Set([...weights, ...firstMoment, ...secondMoment, ...gradient, ...working])) {
      buffer.destroy();
    }
  }

  #writeInputs(tokens: Uint32Array, learningRate: number, { starts }: BatchInputs = {}) {
    const { sequences, length } = this.batch;
    const { activations } = this.plan;
    const settings = new Float32Array(SETTINGS_LENGTH).fill(1);
    const step = this.#step + 1;
    settings[SETTINGS.lossScale] = this.#lossScale;
    settings[SETTINGS.gradientFactor] = 1 / (this.#lossScale * sequences * length);
    settings[SETTINGS.rate] = learningRate / (1 - 0.9 ** step);
    settings[SETTINGS.beta1] = 0.9;
    settings[SETTINGS.beta2] = 0.95;
    settings[SETTINGS.epsilon] = 1e-8;
    settings[SETTINGS.correction] = Math.sqrt(1 - 0.95 ** step);
    this.device.write(this.model.settings, settings);
    this.device.write(activations.tokens, tokens);
    this.device.write(activations.starts, starts ?? new Uint32Array(tokens.length));
  }

  /** What the forward pass does not read: written while it runs. */
  #writeTargets(
    tokens: Uint32Array,
    targets: Uint32Array,
    { weights, teacherLogits, teacherIds }: BatchInputs = {},
  ) {
    const { activations } = this.plan;
    this.device.write(activations.targets, targets);
    this.device.write(activations.weights, weights ?? new Float32Array(tokens.length).fill(1));
    const [teacher] = activations.teacherLogits;
    if (teacher && teacherLogits) this.device.write(teacher, teacherLogits);
    if (activations.teacherIds && teacherIds) this.device.write(activations.teacherIds, teacherIds);
    this.device.write(activations.runs, tokenRuns(tokens, this.model.shape.vocabularySize));
  }
}

/** Norms of 1, and matrices of standard deviation 0.02 from a million numbers that repeat. */
export function initialWeights(
  { parameters, shape }: Pick<TransformerModel, "parameters" | "shape">,
): Float32Array {
  const { places } = parameters;
  const weights = new Float32Array(places.count);
  const pattern = numbers(1_000_003, 1).map((value) => 0.02 * value);
  for (let at = 0; at < weights.length; at += pattern.length) {
    weights.set(pattern.subarray(0, weights.length - at), at);
  }
  const norms = places.copies.filter(({ size, segment, offset }) =>
    size === shape.width && segment === places.finalNorm.segment && offset <= places.finalNorm.offset
  );
  for (const { flat, size } of norms) weights.fill(1, flat, flat + size);
  return weights;
}

/** Uniform token ids. */
export function randomTokens(count: number, vocabularySize: number, seed: number): Uint32Array {
  const random = words(seed);
  return Uint32Array.from({ length: count }, () => random() % vocabularySize);
}
