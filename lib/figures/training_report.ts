/**
 * What a report says about mid-training and fine-tuning.
 * @module
 */
import type { Estimate } from "../core/statistics.ts";
import type { RankMe } from "../train/rank_me.ts";
import type { StageInfluence } from "./compression_histogram.ts";
import type { MidtrainingPoint } from "./distillation_chart.ts";

/** A round of compression. */
export interface CompressionRound {
  readonly documents: number;
  readonly kept: number;
  readonly sources: readonly {
    readonly source: string;
    readonly documents: number;
    readonly kept: number;
    /** Share of the mixture that was trained on, 0…1. */
    readonly weight: number;
  }[];
  /** Whether training followed. */
  readonly trained: boolean;
}

/** What a teacher is worth to a small model, over seeds. */
export interface DistillationReport {
  readonly seeds: number;
  /** Tokens of each model. */
  readonly tokens: number;
  readonly effects: readonly {
    readonly probe: string;
    /** Mean loss without a teacher, in nats per token. */
    readonly crossEntropy: number;
    readonly distilled: number;
    /** distilled − crossEntropy of pairs of equal seed: below 0 the teacher helps. */
    readonly difference: Estimate;
  }[];
}

/** Everything about mid-training. */
export interface MidtrainingReport {
  readonly rounds: readonly CompressionRound[];
  /** Why there was no further round: completes "It ended since …". */
  readonly stopped: string;
  /** Its address; null: none, cross-entropy alone. */
  readonly teacher: string | null;
  /** Which way the switch of the benchmarks' train sets stood. */
  readonly benchmarkTrainSets: {
    readonly included: boolean;
    /** Of the last round's tokens. */
    readonly share: number;
    readonly names: readonly string[];
  };
  /** Every document's, at the beginning of each round. */
  readonly influence: readonly StageInfluence[];
  readonly curves: readonly MidtrainingPoint[];
  readonly rankMe: readonly (RankMe & { readonly stage: string })[];
  /** null: nobody looked. */
  readonly distillation: DistillationReport | null;
}

/** What a stage of fine-tuning changed on one held-out set, in nats per token. */
export interface FineTuningChange {
  readonly stage: string;
  /** "answers": what the assistant says in held-out conversations; "prompts": the rest of them; or a capability. */
  readonly probe: string;
  readonly before: number;
  readonly after: number;
}
