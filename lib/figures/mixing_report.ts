/**
 * What a report says about the way from corpora to mixture weights.
 * @module
 */
import type { FunnelRow } from "../curation/funnel.ts";
import type { ValidationReport } from "../mixture/validation/report.ts";

/** How much worse a probing set is predicted without a source: Δ = ℓ(θ without it) − ℓ(θ with all). */
export interface LeaveOneOutImpact {
  /** The source that was left out. */
  readonly left: string;
  readonly probe: string;
  /** Updates done. */
  readonly step: number;
  /** Mean over seeds, in nats per token; positive: the source helps. */
  readonly mean: number;
  /** Interval of the mean; null where there are too few seeds for one. */
  readonly low: number | null;
  readonly high: number | null;
  readonly seeds: number;
}

/** Influence of one candidate document on a capability; positive: training on it helps. */
export interface InfluenceScore {
  readonly source: string;
  readonly capability: string;
  /** Number of the proxy's checkpoint, or all of them together. */
  readonly checkpoint: number | "joint";
  /** self: the source is one of the capability's own; cross: of another's. */
  readonly kind: "self" | "cross";
  readonly influence: number;
}

/** Shares of a source in mixtures of different origin, 0…1. */
export interface SourceWeights {
  readonly source: string;
  readonly influence: number;
  readonly uniform: number;
  /** In proportion to its tokens. */
  readonly tokens: number;
  readonly leaveOneOut: number;
}

/** Loss of a probing set, of a model trained on a mixture. */
export interface ComparisonLoss {
  /** "influence", "uniform" … */
  readonly mixture: string;
  readonly probe: string;
  /** Updates done. */
  readonly step: number;
  /** In nats per token. */
  readonly negativeLogLikelihood: number;
  readonly seed: number;
}

/** Everything about it; what is empty is left out of the report. */
export interface MixingReport {
  readonly funnel: readonly FunnelRow[];
  readonly leaveOneOut: readonly LeaveOneOutImpact[];
  readonly influence: readonly InfluenceScore[];
  /** Whether influence predicts what retraining finds; null: nobody looked. */
  readonly validation: ValidationReport | null;
  readonly weights: readonly SourceWeights[];
  readonly comparison: readonly ComparisonLoss[];
}
