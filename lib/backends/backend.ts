/**
 * The one interface over every way to run the model: webgpu, wasm, and the tfjs oracle.
 *
 * Parameters, gradients and moments are flat Float32Arrays in the order of `parameterLayout(config)`.
 * The same recipe on the same data gives the same curve on every backend, within stated tolerances.
 * @module
 */
import type { Tuning } from "../../kernels/webgpu/tuning.ts";
import type { ModelConfig, ParameterKind } from "../model/config.ts";

/** Sequences to learn from or to score. Arrays are row-major [sequences × length]. */
export interface TokenBatch {
  readonly sequences: number;
  readonly length: number;
  /** Input token ids. */
  readonly tokens: Uint32Array;
  /** The token that follows each input. */
  readonly targets: Uint32Array;
  /** Weight of each target in the loss (0 hides it, one below 0 unteaches it); absent: all 1. */
  readonly weights?: Float32Array;
  /**
   * What Σ weight·loss is divided by, together with those of the other micro-batches; absent: Σ weight. For weights of both
   * signs, whose sum says nothing.
   */
  readonly normaliser?: number;
  /** Document number of each position; attention never crosses a change. Absent: one document a sequence. */
  readonly documents?: Uint32Array;
  /** Distil towards these targets instead of, or beside, the cross-entropy. */
  readonly teacher?: Teacher;
}

/** What a teacher says about every position of a batch. Rows are positions, [sequences · length] of them. */
export interface Teacher {
  /** Logits [rows × V], or with `ids` the top-k logits [rows × k]. */
  readonly logits: Float32Array;
  /** Vocabulary ids of the top-k logits [rows × k]; the teacher's distribution is renormalised over them. */
  readonly ids?: Uint32Array;
  /** τ: the loss is τ² · KL between softmax(teacher/τ) and softmax(student/τ). */
  readonly temperature: number;
  /** forward: KL(teacher ‖ student); reverse: KL(student ‖ teacher), which needs full logits. */
  readonly direction: "forward" | "reverse";
  /** s in s · cross-entropy + (1 − s) · KL, 0…1. */
  readonly crossEntropyShare: number;
}

/** One AdamW update (decoupled weight decay, bias-corrected moments). */
export interface UpdateSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Kinds of parameters that decay; the usual choice is linear (and head). */
  readonly decayedKinds: readonly ParameterKind[];
  /** The gradient is scaled down to this global 2-norm where it exceeds it; Infinity: never. */
  readonly maxGradientNorm: number;
}

/** What a step did. */
export interface StepResult {
  /** Σ weight·loss / Σ weight (or the normalisers) over every target of every micro-batch, before the update. */
  readonly loss: number;
  /** Global 2-norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  /** Targets with a weight other than zero. */
  readonly tokens: number;
}

/** Everything that an update reads and writes; a checkpoint's content. */
export interface TrainState {
  /** Updates done; enters the bias correction. */
  readonly step: number;
  readonly weights: Float32Array;
  /** AdamW's first moments. */
  readonly firstMoment: Float32Array;
  /** AdamW's second moments. */
  readonly secondMoment: Float32Array;
  /** Power of two that f16 gradients are multiplied by; absent where none are. */
  readonly lossScale?: number;
  /** Tiles that a GPU run began with: they decide the order of sums, so a resumed run keeps them. Absent elsewhere. */
  readonly tuning?: Tuning;
}

/** Per-sequence sums of a batch. */
export interface SequenceLoss {
  /** Σ weight · NLL of each sequence [sequences], in nats. */
  readonly negativeLogLikelihood: Float32Array;
  /** Σ weight of each sequence [sequences]. */
  readonly weight: Float32Array;
}

/** A model that is asked and not trained, on one kind of hardware. Calls must not overlap. */
export interface ForwardBackend extends AsyncDisposable {
  readonly name: "wasm" | "webgpu" | "tfjs";
  /** What runs it, for people: "wasm, relaxed SIMD, 2 workers". */
  readonly description: string;
  readonly config: ModelConfig;
  /** Cross-entropy per sequence; a teacher is ignored. */
  evaluate(batch: TokenBatch): Promise<SequenceLoss>;
  /** Logits of every position [sequences × length × V], or of each sequence's last [sequences × V]. */
  logits(
    batch: Pick<TokenBatch, "sequences" | "length" | "tokens" | "documents">,
    positions?: "all" | "last",
  ): Promise<Float32Array>;
}

/** A model with its optimizer. */
export interface TrainBackend extends ForwardBackend {
  /**
   * One optimizer update from the gradient accumulated over the micro-batches; the loss is normalised by the
   * weights of all of them, so that splitting a batch changes nothing but rounding.
   */
  step(microBatches: readonly TokenBatch[], update: UpdateSettings): Promise<StepResult>;
  /** Loss and gradient [parameters] without an update. */
  gradient(microBatches: readonly TokenBatch[]): Promise<{ loss: number; gradient: Float32Array }>;
  /** A copy of the state. */
  exportState(): Promise<TrainState>;
  /** Replaces the state. */
  importState(state: TrainState): Promise<void>;
}
