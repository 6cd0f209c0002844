/**
 * The default backend of a machine without a GPU: our own WebAssembly SIMD kernels over a memory that all workers
 * share (kernels/wasm). The same bits whatever the number of workers.
 * @module
 */
import { findBlas } from "../../kernels/wasm/blas.ts";
import { UPDATE_BLOCK } from "../../kernels/wasm/memory/model.ts";
import type { Run } from "../../kernels/wasm/plan.ts";
import { NO_SETTINGS, type Settings } from "../../kernels/wasm/plan/context.ts";
import type { TransformerRuntime } from "../../kernels/wasm/runtime.ts";
import type { BatchShape } from "../../kernels/wasm/shape.ts";
import { UsageError } from "../core/errors.ts";
import { type ModelConfig, parameterLayout } from "../model/config.ts";
import { clipScale } from "./adamw.ts";
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
import { type Inputs, shapeOf, writeInputs, writeTargets, writeTeacher } from "./wasm_batch.ts";
import { asRunError, type RuntimeOptions, startRuntime, translated } from "./wasm_runtime.ts";

/** How the backend runs; none of it changes what it computes, `variant` and `blas` only how it rounds. */
export interface WasmOptions extends RuntimeOptions {
  /** auto: matrix products by OpenBLAS or Accelerate where one is found, and foreign functions are permitted. Absent: off. */
  readonly blas?: "off" | "auto";
}

/**
 * The WebAssembly backend, with all weights 0 until `importState`.
 *
 * @throws {UsageError} for a config that describes no computable model, or a number of workers that is none.
 * @throws {RunError} where the model does not fit into 4 GiB.
 */
export async function createWasmBackend(
  config: ModelConfig,
  options: WasmOptions = {},
): Promise<TrainBackend> {
  const { runtime, products } = await start(config, "training", options);
  return new WasmBackend(config, runtime, products);
}

/**
 * A model to ask on the WebAssembly kernels: memory for the weights and their panels, twice what they are.
 *
 * @param weights [parameters], copied.
 * @throws {UsageError} as `createWasmBackend`, and for another number of weights.
 * @throws {RunError} where the model does not fit into 4 GiB.
 */
export async function createWasmForward(
  config: ModelConfig,
  weights: Float32Array,
  options: WasmOptions = {},
): Promise<ForwardBackend> {
  const { runtime, products } = await start(config, "forward", options);
  checkLength("weights", weights, runtime.model.places.count);
  runtime.parameters(runtime.model.weights).set(weights);
  await asRunError(runtime.run({ program: "pack" }));
  return new WasmForward(config, runtime, products);
}

/** The kernels, and what computes their products, for people. */
async function start(
  config: ModelConfig,
  purpose: "training" | "forward",
  options: WasmOptions,
): Promise<{ runtime: TransformerRuntime; products: string }> {
  const blas = options.blas === "auto" ? findBlas() : undefined;
  const runtime = await startRuntime({ ...config, purpose }, options, blas);
  const products = blas !== undefined
    ? `, products by ${blas}`
    : options.blas === "auto"
    ? ", no BLAS found"
    : "";
  return { runtime, products };
}

/** What needs no gradient. */
class WasmForward implements ForwardBackend {
  readonly name = "wasm";
  readonly description: string;

  constructor(readonly config: ModelConfig, readonly runtime: TransformerRuntime, products: string) {
    const simd = runtime.variant === "relaxed" ? "relaxed SIMD" : "SIMD";
    const { workers } = runtime.crew;
    this.description = `wasm, ${simd}, ${workers} ${workers === 1 ? "worker" : "workers"}${products}`;
  }

  async evaluate(batch: TokenBatch): Promise<SequenceLoss> {
    checkBatch(this.config, batch);
    const { sequences, length } = batch;
    const losses = await this.losses("evaluate", batch, {});
    const negativeLogLikelihood = new Float32Array(sequences);
    const weight = new Float32Array(sequences);
    for (let i = 0; i < sequences; i++) {
      const [from, to] = [i * length, (i + 1) * length];
      negativeLogLikelihood[i] = weightedSum(losses.subarray(from, to), batch.weights?.subarray(from, to));
      weight[i] = batch.weights === undefined ? length : sum(batch.weights.subarray(from, to));
    }
    return { negativeLogLikelihood, weight };
  }

  async logits(batch: Inputs, positions: "all" | "last" = "all"): Promise<Float32Array> {
    checkBatch(this.config, batch);
    const { sequences, length } = batch;
    const { vocabularySize } = this.config;
    const shape = shapeOf(batch, false);
    const memory = this.#place(shape);
    writeInputs(this.runtime, memory, batch);
    await this.run({ program: "forward", batch: shape, settings: NO_SETTINGS });
    const rows = positions === "all" ? sequences * length : sequences;
    const step = positions === "all" ? 1 : length;
    const result = new Float32Array(rows * vocabularySize);
    for (let from = 0; from < rows; from += memory.logitRows) {
      const count = Math.min(memory.logitRows, rows - from);
      const settings = {
        ...NO_SETTINGS,
        logitFirst: (from + 1) * step - 1,
        logitStep: step,
        logitCount: count,
      };
      await this.run({ program: "logits", batch: shape, settings });
      for (let row = 0; row < count; row++) {
        const logits = this.runtime.floats(memory.logits + row * memory.logitStride, vocabularySize);
        result.set(logits, (from + row) * vocabularySize);
      }
    }
    return result;
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime[Symbol.dispose]();
  }

  /** Runs a batch; returns a view of the loss of each position. */
  protected async losses(
    program: "gradient" | "evaluate",
    batch: TokenBatch,
    settings: Partial<Settings>,
  ): Promise<Float32Array> {
    const training = program === "gradient";
    const teacher = training ? batch.teacher : undefined;
    const shape = shapeOf(batch, training, teacher);
    const memory = this.#place(shape);
    writeInputs(this.runtime, memory, batch);
    writeTargets(this.runtime, memory, batch);
    if (teacher !== undefined) writeTeacher(this.runtime, memory, teacher);
    await this.run({ program, batch: shape, settings: { ...NO_SETTINGS, ...settings } });
    return this.runtime.floats(memory.losses, memory.rows);
  }

  #place(shape: BatchShape) {
    try {
      return this.runtime.place(shape);
    } catch (error) {
      throw translated(error);
    }
  }

  protected async run(run: Run) {
    await asRunError(this.runtime.run(run));
  }
}

class WasmBackend extends WasmForward implements TrainBackend {
  /** Updates done. */
  #step = 0;

  async step(microBatches: readonly TokenBatch[], update: UpdateSettings): Promise<StepResult> {
    const loss = await this.#accumulate(microBatches);
    const { runtime } = this;
    await this.run({ program: "squares" });
    const { count } = runtime.model.places;
    let squares = 0;
    for (const sum of runtime.doubles(runtime.model.squares, Math.ceil(count / UPDATE_BLOCK))) squares += sum;
    const gradientNorm = Math.sqrt(squares);
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) await this.#update(update, gradientNorm);
    const tokens = microBatches.reduce((sum, batch) => sum + countTargets(batch), 0);
    return { loss, gradientNorm, tokens };
  }

  async gradient(microBatches: readonly TokenBatch[]): Promise<{ loss: number; gradient: Float32Array }> {
    const loss = await this.#accumulate(microBatches);
    return { loss, gradient: this.runtime.parameters(this.runtime.model.gradient).slice() };
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async exportState(): Promise<TrainState> {
    const { runtime } = this;
    const copy = (address: number) => runtime.parameters(address).slice();
    return {
      step: this.#step,
      weights: copy(runtime.model.weights),
      firstMoment: copy(runtime.model.firstMoment),
      secondMoment: copy(runtime.model.secondMoment),
    };
  }

  async importState(state: TrainState): Promise<void> {
    checkState(this.config, state);
    for (const name of STATE_ARRAYS) this.runtime.parameters(this.runtime.model[name]).set(state[name]);
    this.#step = state.step;
    await this.run({ program: "pack" });
  }

  /** The gradient over all micro-batches, left in memory; returns their loss. */
  async #accumulate(microBatches: readonly TokenBatch[]): Promise<number> {
    if (microBatches.length === 0) throw new UsageError("Backend: no micro-batch was given.");
    for (const batch of microBatches) checkBatch(this.config, batch);
    const total = microBatches.reduce((total, batch) => total + totalWeight(batch), 0);
    let loss = 0;
    for (const [i, batch] of microBatches.entries()) {
      const { teacher } = batch;
      const losses = await this.losses("gradient", batch, {
        accumulate: i > 0,
        lossScale: 1 / total,
        ...(teacher && {
          temperature: teacher.temperature,
          crossEntropyShare: teacher.crossEntropyShare,
          reverse: teacher.direction === "reverse",
        }),
      });
      loss += weightedSum(losses, batch.weights);
    }
    return loss / total;
  }

  async #update(settings: UpdateSettings, gradientNorm: number) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, decayedKinds, maxGradientNorm } = settings;
    this.#step++;
    await this.run({
      program: "update",
      update: {
        runs: parameterLayout(this.config).map(({ offset, size, kind }) => ({
          from: offset,
          count: size,
          keep: decayedKinds.includes(kind) ? 1 - learningRate * weightDecay : 1,
        })),
        clip: clipScale(gradientNorm, maxGradientNorm),
        beta1,
        beta2,
        epsilon,
        stepSize: learningRate / (1 - beta1 ** this.#step),
        correction: Math.sqrt(1 - beta2 ** this.#step),
      },
    });
  }
}

/** Σ weight · value, in 64 bits and in order; weight 1 where there is none. */
function weightedSum(values: Float32Array, weights: Float32Array | undefined): number {
  let total = 0;
  values.forEach((value, i) => total += value * (weights?.[i] ?? 1));
  return total;
}
