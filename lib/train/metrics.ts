/**
 * What a training run says about itself, one JSON object a line in `metrics.jsonl`.
 *
 * There are no TensorBoard event files: no kept library on npm was found that writes them.
 * @module
 */

/** After an optimizer step. */
export interface StepMetrics {
  readonly kind: "step";
  /** Stage of the run: "pretrain-1". */
  readonly stage: string;
  /** Updates done in this stage. */
  readonly step: number;
  /** Training tokens seen in this stage. */
  readonly tokens: number;
  /** Mean loss per token in nats, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Timing; not part of what a resumed run must repeat. */
  readonly tokensPerSecond: number;
  /**
   * Model FLOPs utilisation: the share of the hardware's peak that model FLOPs (lib/model/flops.ts, recomputation not counted) are of.
   * Absent where no peak is known (peak_flops.ts), as on a CPU. Timing too.
   */
  readonly utilisation?: number;
}

/** After scoring a probing set. */
export interface ProbeMetrics {
  readonly kind: "probe";
  readonly stage: string;
  readonly step: number;
  readonly tokens: number;
  /** Capability: "code", "math", "knowledge". */
  readonly probe: string;
  /** Mean negative log-likelihood per token, in nats. */
  readonly negativeLogLikelihood: number;
  /** exp of it. */
  readonly perplexity: number;
}

/** A line of `metrics.jsonl`. */
export type Metrics = StepMetrics | ProbeMetrics;
