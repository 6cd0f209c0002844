/**
 * What a regression says of a mixture, and how far that can be trusted.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import type { Mixture } from "../../core/mixture.ts";
import { quantile } from "../../core/statistics.ts";
import type { MixtureRegression } from "./fit.ts";
import { leverageOf } from "./geometry.ts";
import { lossAt } from "./loss_model.ts";

/** Bounds of a bootstrap interval: 95% of the resamples are between them. */
export const INTERVAL = { low: 0.025, high: 0.975 };

/** A probe's predicted loss, in nats per token. */
export interface Prediction {
  readonly probe: string;
  readonly loss: number;
  /** Ends of the bootstrap interval of the expected loss, if the form is right; a single run also has its seed's noise. */
  readonly low: number;
  readonly high: number;
}

/**
 * A mixture's shares in the order of the regression's sources; sources that the mixture does not name have none.
 *
 * @throws {UsageError} where the mixture has a source that the regression has not seen.
 */
export function sharesOf({ sources, origin }: MixtureRegression, mixture: Mixture): number[] {
  const unknown = mixture.sources.find(({ name, weight }) => weight > 0 && !sources.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `The mixture "${mixture.name}" has a source "${unknown.name}" that the runs of ${origin} have not: ${
        sources.join(", ")
      }.`,
    );
  }
  return sources.map((source) => mixture.sources.find(({ name }) => name === source)?.weight ?? 0);
}

/** A mixture's shares less the mean of the runs'. */
function centred({ centre }: MixtureRegression, weights: readonly number[]): number[] {
  return weights.map((weight, j) => weight - (centre[j] ?? 0));
}

/**
 * Predicts every probe's loss.
 *
 * @param weights Shares [sources], which sum to 1.
 */
export function predictLosses(regression: MixtureRegression, weights: readonly number[]): Prediction[] {
  const x = centred(regression, weights);
  return regression.probes.map(({ probe, model, resampled }) => {
    const losses = resampled.map((other) => lossAt(other, x));
    return {
      probe,
      loss: lossAt(model, x),
      low: quantile(losses, INTERVAL.low),
      high: quantile(losses, INTERVAL.high),
    };
  });
}

/** Whether a mixture is among those that the regression has seen. */
export interface Extrapolation {
  /** Sources whose share is outside the runs' range. */
  readonly outside: readonly string[];
  /** Distance from the runs, the farthest of them being 1; above 1 it is farther than any. */
  readonly distance: number;
  /** One sentence for people; null where nothing is extrapolated. */
  readonly warning: string | null;
}

/** How far from the runs a share may be by rounding. */
const SHARE_TOLERANCE = 1e-6;

/**
 * Says how far a mixture is from the runs': by each share's range, and by leverage, which also sees unseen combinations.
 *
 * @param weights Shares [sources], which sum to 1.
 */
export function extrapolationOf(regression: MixtureRegression, weights: readonly number[]): Extrapolation {
  const { sources, least, most, inverseGram, largestLeverage, runs } = regression;
  // One weight for each source.
  const outside = sources.filter((_, j) => {
    const weight = weights[j] as number;
    return weight < (least[j] ?? 0) - SHARE_TOLERANCE || weight > (most[j] ?? 0) + SHARE_TOLERANCE;
  });
  const distance = leverageOf(centred(regression, weights), inverseGram, runs) / largestLeverage;
  const reasons = [
    ...(outside.length === 0 ? [] : [`no run had such a share of ${outside.join(", ")}`]),
    ...(distance <= 1 + SHARE_TOLERANCE
      ? []
      : [`its leverage is ${distance.toPrecision(2)} times that of the farthest run`]),
  ];
  return {
    outside,
    distance,
    warning: reasons.length === 0 ? null : `This is an extrapolation: ${reasons.join(", and ")}.`,
  };
}
