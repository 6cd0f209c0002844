/**
 * What a run of our own has for the paper's figures, as plain objects.
 * @module
 */
import type { TaskScores } from "../../eval/results.ts";
import type { StageInfluence } from "../compression_histogram.ts";
import type { MidtrainingPoint } from "../distillation_chart.ts";
import type { ComparisonLoss, LeaveOneOutImpact } from "../mixing_report.ts";
import type { Origin } from "../report/parts.ts";
import type { ProbeMetrics } from "../../train/metrics.ts";
import type { RewardCurve } from "./reward_chart.ts";

/** Something that a run has, or could have. */
export interface Part<Value> {
  /** Makes it. */
  readonly command: string;
  /** null: it was not made. */
  readonly made: {
    readonly value: Value;
    /** "2026-11-24". */
    readonly date: string;
    /** "AMD EPYC, 2 cores, 23 GB"; null: nobody wrote it down. */
    readonly machine: string | null;
  } | null;
}

/** Perplexities along all stages of training. */
export interface TrainingCourse {
  readonly stages: readonly { readonly name: string; readonly title: string }[];
  readonly measurements: readonly ProbeMetrics[];
}

/** What leaving sources out does, and the domains of the sources. */
export interface LeaveOneOutCourse {
  readonly impacts: readonly LeaveOneOutImpact[];
  readonly domains: ReadonlyMap<string, string>;
}

/** A model on benchmarks. */
export interface ModelScores {
  /** Unknown where the evaluated model is not the run's own. */
  readonly parameters: number | null;
  /** Tokens that it was pretrained on. */
  readonly tokens: number | null;
  readonly scores: readonly TaskScores[];
}

/** A model after one of the paper's ablations of post-training. */
export interface AblationScores {
  /** Data of each stage as Table 8 writes it: "Tulu-3", "M+C"; "(none)". */
  readonly general: string;
  readonly reasoning: string;
  readonly scores: readonly TaskScores[];
}

/** A model after the same fine-tuning as others. */
export interface TunedScores extends Omit<ModelScores, "tokens"> {
  readonly model: string;
}

/** How fast a model of the paper's shapes decodes. */
export interface DeviceRates {
  /** "H100". */
  readonly device: string;
  /** "140M". */
  readonly model: string;
  readonly rates: readonly {
    /** Tokens of the context. */
    readonly context: number;
    /** null: it did not fit. */
    readonly tokensPerSecond: number | null;
  }[];
}

/** What a learning rate of pretraining led to. */
export interface LearningRate {
  /** Of phase 1. */
  readonly peak: number;
  /** Effective rank of the pretrained model's representations, a mean over probing sets. */
  readonly rankMe: number;
  /** Of each of them, and the model's width. */
  readonly positions: number;
  readonly width: number;
  /** Of the mid-trained model. */
  readonly scores: readonly TaskScores[];
}

/** A run. */
export interface PaperRun {
  readonly name: string;
  readonly leaveOneOut: Part<LeaveOneOutCourse>;
  /** The same training on the run's mixture and on equal shares. */
  readonly comparison: Part<readonly ComparisonLoss[]>;
  /** Of mid-training's pool, at the beginning of each round. */
  readonly poolInfluence: Part<readonly StageInfluence[]>;
  readonly midtraining: Part<readonly MidtrainingPoint[]>;
  readonly reward: Part<readonly RewardCurve[]>;
  readonly course: Part<TrainingCourse>;
  readonly baseScores: Part<ModelScores>;
  readonly finalScores: Part<ModelScores>;
  readonly ablations: Part<readonly AblationScores[]>;
  readonly sameFineTuning: Part<readonly TunedScores[]>;
  readonly onDevice: Part<readonly DeviceRates[]>;
  readonly learningRate: Part<LearningRate>;
}

/** Where a part comes from; nothing where it was not made. */
export function ownOrigins({ command, made }: Part<unknown>): Origin[] {
  if (made === null) return [];
  return [{
    kind: "own",
    source: `${command}, ${made.machine ?? "on a machine that was not recorded"}, ${made.date}`,
  }];
}
