/**
 * The oracle: the reference model under the interface of a training backend. About 0.5 GFLOP/s (50 tokens a second
 * at 1.3M parameters), with all logits in memory: for tests, notebooks, and where nothing else runs.
 *
 * The state lives in flat arrays; tensors exist only while a call runs.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig, parameterCount, parameterLayout } from "../model/config.ts";
import {
  attentionMask,
  head,
  hiddenStates,
  namedParameters,
  type Parameters,
  parameterTensors,
} from "../model/reference.ts";
import { crossEntropy, kullbackLeibler } from "../model/reference_loss.ts";
import { tf } from "../model/tensorflow.ts";
import { adamw, clipScale, globalNorm } from "./adamw.ts";
import type {
  SequenceLoss,
  StepResult,
  TokenBatch,
  TrainBackend,
  TrainState,
  UpdateSettings,
} from "./backend.ts";
import { checkBatch, countTargets, sum, totalWeight } from "./batch.ts";

type Inputs = Pick<TokenBatch, "sequences" | "length" | "tokens" | "documents">;

/**
 * The tfjs backend, with all weights 0 until `importState`.
 *
 * @throws {UsageError} for a config that describes no computable model.
 */
// deno-lint-ignore require-await -- the creators of all backends are asynchronous
export async function createTfjsBackend(config: ModelConfig): Promise<TrainBackend> {
  return new TfjsBackend(checkModelConfig(config));
}

class TfjsBackend implements TrainBackend {
  readonly name = "tfjs";
  readonly description = "tfjs, plain JavaScript";
  #state: TrainState;

  constructor(readonly config: ModelConfig) {
    const size = parameterCount(config);
    this.#state = {
      step: 0,
      weights: new Float32Array(size),
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
    };
  }

  async step(microBatches: readonly TokenBatch[], update: UpdateSettings): Promise<StepResult> {
    const { loss, gradient } = await this.gradient(microBatches);
    const gradientNorm = globalNorm(gradient);
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
      const scale = clipScale(gradientNorm, update.maxGradientNorm);
      this.#state = adamw(parameterLayout(this.config), this.#state, gradient, scale, update);
    }
    const tokens = microBatches.reduce((count, batch) => count + countTargets(batch), 0);
    return { loss, gradientNorm, tokens };
  }

  // deno-lint-ignore require-await
  async gradient(microBatches: readonly TokenBatch[]): Promise<{ loss: number; gradient: Float32Array }> {
    for (const batch of microBatches) checkBatch(this.config, batch);
    const total = microBatches.reduce((total, batch) => total + totalWeight(batch), 0);
    const gradient = new Float32Array(parameterCount(this.config));
    let loss = 0;
    for (const batch of microBatches) {
      loss += tf.tidy(() => {
        const share = (...tensors: tf.Tensor[]) =>
          tf.sum(this.#weightedLosses(namedParameters(this.config, tensors), batch))
            .div(total) as tf.Scalar;
        const tensors = parameterTensors(this.config, this.#state.weights);
        const { value, grads } = tf.valueAndGrads(share)(tensors);
        parameterLayout(this.config).forEach(({ offset }, i) => {
          // valueAndGrads gives one gradient per tensor.
          const part = (grads[i] as tf.Tensor).dataSync();
          part.forEach((g, j) => gradient[offset + j] = (gradient[offset + j] as number) + g);
        });
        return value.dataSync()[0] as number;
      });
    }
    return { loss, gradient };
  }

  // deno-lint-ignore require-await
  async evaluate(batch: TokenBatch): Promise<SequenceLoss> {
    checkBatch(this.config, batch);
    const { sequences, length } = batch;
    const { teacher: _, ...withoutTeacher } = batch;
    const losses = tf.tidy(() =>
      this.#weightedLosses(this.#parameters(), withoutTeacher).reshape([sequences, length]).sum(-1)
        .dataSync<"float32">()
    );
    const weights = targetWeights(batch);
    return {
      negativeLogLikelihood: losses,
      weight: Float32Array.from(
        { length: sequences },
        (_, i) => sum(weights.subarray(i * length, (i + 1) * length)),
      ),
    };
  }

  // deno-lint-ignore require-await
  async logits(batch: Inputs, positions: "all" | "last" = "all"): Promise<Float32Array> {
    checkBatch(this.config, batch);
    const { sequences, length } = batch;
    return tf.tidy(() => {
      const parameters = this.#parameters();
      const hidden = this.#hidden(parameters, batch);
      const wanted = positions === "all" ? hidden : hidden.slice([0, length - 1, 0], [sequences, 1, -1]);
      return head(this.config, parameters, wanted).dataSync<"float32">();
    });
  }

  // deno-lint-ignore require-await
  async exportState(): Promise<TrainState> {
    return copy(this.#state);
  }

  // deno-lint-ignore require-await
  async importState(state: TrainState): Promise<void> {
    const expected = parameterCount(this.config);
    for (const name of ["weights", "firstMoment", "secondMoment"] as const) {
      if (state[name].length !== expected) {
        throw new UsageError(
          `State: ${name} has ${state[name].length} entries, expected ${expected} parameters.`,
        );
      }
    }
    this.#state = copy(state);
  }

  /** Nothing to free: no tensor outlives a call. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #parameters(): Parameters {
    return namedParameters(this.config, parameterTensors(this.config, this.#state.weights));
  }

  /** [B, T, D] */
  #hidden(parameters: Parameters, { sequences, length, tokens, documents }: Inputs): tf.Tensor {
    const ids = tf.tensor(Int32Array.from(tokens), [sequences, length], "int32");
    return hiddenStates(this.config, parameters, ids, attentionMask(sequences, length, documents));
  }

  /** weight · (s · cross-entropy + (1 − s) · τ²KL) of every position [B · T]; s is 1 without a teacher. */
  #weightedLosses(parameters: Parameters, batch: TokenBatch): tf.Tensor {
    const rows = batch.sequences * batch.length;
    const logits = head(this.config, parameters, this.#hidden(parameters, batch))
      .reshape([rows, this.config.vocabularySize]);
    const { teacher } = batch;
    const crossEntropies = crossEntropy(logits, tf.tensor(Int32Array.from(batch.targets), [rows], "int32"));
    const losses = teacher === undefined ? crossEntropies : crossEntropies.mul(teacher.crossEntropyShare).add(
      kullbackLeibler(
        logits,
        tf.tensor(teacher.logits, [rows, teacher.logits.length / rows]),
        teacher.temperature,
        teacher.direction,
        teacher.ids && tf.tensor(Int32Array.from(teacher.ids), [rows, teacher.ids.length / rows], "int32"),
      ).mul(1 - teacher.crossEntropyShare),
    );
    return losses.mul(tf.tensor(targetWeights(batch)));
  }
}

function copy({ step, weights, firstMoment, secondMoment }: TrainState): TrainState {
  return {
    step,
    weights: weights.slice(),
    firstMoment: firstMoment.slice(),
    secondMoment: secondMoment.slice(),
  };
}

function targetWeights({ weights, targets }: Pick<TokenBatch, "weights" | "targets">): Float32Array {
  return weights ?? new Float32Array(targets.length).fill(1);
}
