/**
 * Mixtures side by side: the losses that runs on them were measured to have, or that a regression predicts.
 * @module
 */
import type { Mixture } from "../core/mixture.ts";
import { type Estimate, meanOf, tInterval } from "../core/statistics.ts";
import type { MixtureRegression } from "./regression/fit.ts";
import { extrapolationOf, predictLosses, sharesOf } from "./regression/prediction.ts";
import { runsByMixture, type RunTable } from "./run_table.ts";

/** One mixture's row. */
export interface ComparedMixture {
  readonly mixture: string;
  /** "uniform", "influence", "regression" …; null: unknown. */
  readonly method: string | null;
  /** Runs that were measured; 0: the losses are predicted. */
  readonly seeds: number;
  readonly predicted: boolean;
  /** Losses in nats per token: over seeds with Student's interval from three on, or predicted with the bootstrap's. */
  readonly losses: readonly (Estimate & { readonly probe: string })[];
  /** Of the probes' mean, seed by seed; predicted ones have no interval. */
  readonly overall: Estimate;
  /** Why a prediction is doubtful; null: it is not, or nothing is predicted. */
  readonly warning: string | null;
}

/**
 * The measured mixtures, best first: by their mean over probes.
 *
 * @throws {UsageError} where two runs of one name have different shares.
 */
export function compareMeasured(table: RunTable): ComparedMixture[] {
  return runsByMixture(table).map((runs): ComparedMixture => {
    const name = runs[0]?.name ?? "", method = runs[0]?.method ?? null; // no group is empty
    return {
      mixture: name,
      method,
      seeds: runs.length,
      predicted: false,
      // One loss for each probe.
      losses: table.probes.map((probe, p) => ({
        probe,
        ...tInterval(runs.map(({ losses }) => losses[p] as number)),
      })),
      overall: tInterval(runs.map(({ losses }) => meanOf(losses))),
      warning: null,
    };
  }).sort((a, b) => a.overall.mean - b.overall.mean);
}

/**
 * Rows of mixtures that no run was trained on.
 *
 * @throws {UsageError} where a mixture has a source that the regression has not seen.
 */
export function comparePredicted(
  regression: MixtureRegression,
  mixtures: readonly Mixture[],
): ComparedMixture[] {
  return mixtures.map((mixture) => {
    const weights = sharesOf(regression, mixture);
    const losses = predictLosses(regression, weights);
    return {
      mixture: mixture.name,
      method: mixture.method,
      seeds: 0,
      predicted: true,
      losses: losses.map(({ probe, loss, low, high }) => ({ probe, mean: loss, low, high })),
      overall: { mean: meanOf(losses.map(({ loss }) => loss)), low: null, high: null },
      warning: extrapolationOf(regression, weights).warning,
    };
  });
}
