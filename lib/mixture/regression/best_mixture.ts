/**
 * The mixture for which a regression predicts the lowest losses.
 *
 * What is minimised is the mean over probes of (predicted loss − mean of the runs) / deviation of the runs, so that probes count
 * alike. Both forms are convex in the shares, so that projected gradient descent finds the one minimum, from anywhere.
 * RegMix averages the best of many random mixtures instead; that bounds how far from the runs it goes, as the range does here.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import type { Mixture } from "../../core/mixture.ts";
import { quantile } from "../../core/statistics.ts";
import { isFeasible, nearestShares, type ShareBounds } from "./bounded_shares.ts";
import type { MixtureRegression } from "./fit.ts";
import { gradientScale, lossAt, type LossModel } from "./loss_model.ts";
import {
  type Extrapolation,
  extrapolationOf,
  INTERVAL,
  type Prediction,
  predictLosses,
} from "./prediction.ts";

/** What the mixture must keep to. */
export interface SearchOptions {
  /** Most of a source's share, by name: what its tokens allow. */
  readonly caps?: Readonly<Record<string, number>>;
  /** Least share of every source: 0 by default. */
  readonly floor?: number;
  /** Whether shares may leave the range of the runs: false by default. */
  readonly beyondRuns?: boolean;
}

/** One source's share of the best mixture. */
export interface BestShare {
  readonly source: string;
  readonly weight: number;
  /** Where the best share of the resampled regressions lies: 95% of them. A wide interval: the losses hardly depend on it. */
  readonly low: number;
  readonly high: number;
  /** Which bound holds it: that of the runs, a cap, or the floor; null: none. */
  readonly bound: "least" | "most" | null;
}

/** The best mixture and what it promises. */
export interface BestMixture {
  readonly shares: readonly BestShare[];
  /** Mean standardised predicted loss: in deviations of the runs' losses, below 0 better than their mean. */
  readonly objective: number;
  readonly predictions: readonly Prediction[];
  readonly extrapolation: Extrapolation;
}

/**
 * Searches the best mixture.
 *
 * @throws {UsageError} for a cap on an unknown source, bounds outside 0 … 1, or bounds that no mixture fulfils.
 */
export function bestMixture(regression: MixtureRegression, options: SearchOptions = {}): BestMixture {
  const bounds = boundsOf(regression, options);
  const models = regression.probes.map(({ model }) => model);
  const start = nearestShares(regression.centre, bounds);
  const weights = minimise(regression, models, bounds, start);
  const resampled = (regression.probes[0]?.resampled ?? []).map((_, i) =>
    // All probes have as many.
    minimise(regression, regression.probes.map(({ resampled }) => resampled[i] as LossModel), bounds, weights)
  );
  return {
    shares: regression.sources.map((source, j) => {
      const weight = weights[j] as number, shares = resampled.map((other) => other[j] as number); // one a source
      return {
        source,
        weight,
        low: quantile(shares, INTERVAL.low),
        high: quantile(shares, INTERVAL.high),
        bound: weight <= (bounds.least[j] ?? 0) ? "least" : weight >= (bounds.most[j] ?? 1) ? "most" : null,
      };
    }),
    objective: objectiveOf(regression, models, weights).value,
    predictions: predictLosses(regression, weights),
    extrapolation: extrapolationOf(regression, weights),
  };
}

function boundsOf(
  { sources, least, most, origin }: MixtureRegression,
  { caps = {}, floor = 0, beyondRuns = false }: SearchOptions,
): ShareBounds {
  for (const [source, cap] of Object.entries(caps)) {
    if (!sources.includes(source)) {
      throw new UsageError(
        `There is a cap on "${source}", expected one of the sources ${sources.join(", ")}.`,
      );
    }
    if (!(cap >= 0 && cap <= 1)) {
      throw new UsageError(`The cap on "${source}" is ${cap}, expected a share, 0 … 1.`);
    }
  }
  if (!(floor >= 0 && floor * sources.length <= 1)) {
    throw new UsageError(
      `The floor is ${floor}, expected 0 … 1/${sources.length} for ${sources.length} sources.`,
    );
  }
  const upper = sources.map((source, j) =>
    Math.min(caps[source] ?? 1, beyondRuns ? 1 : Math.max(floor, most[j] ?? 1))
  );
  const bounds = {
    // A cap is harder than the range of the runs.
    least: sources.map((_, j) => Math.max(floor, beyondRuns ? 0 : Math.min(least[j] ?? 0, upper[j] ?? 1))),
    most: upper,
  };
  if (!isFeasible(bounds)) {
    const ranges = sources.map((source, j) => `${source} ${bounds.least[j]} … ${bounds.most[j]}`);
    throw new UsageError(`${origin}: no mixture is within the bounds ${ranges.join(", ")}.`);
  }
  return bounds;
}

/** The mean standardised loss at a mixture, and its gradient [sources]. */
function objectiveOf(
  { probes, centre }: MixtureRegression,
  models: readonly LossModel[],
  weights: readonly number[],
): { value: number; gradient: number[] } {
  const x = weights.map((weight, j) => weight - (centre[j] ?? 0));
  const gradient = new Array<number>(weights.length).fill(0);
  let value = 0;
  probes.forEach(({ mean, deviation }, p) => {
    if (deviation === 0) return; // every mixture has the same
    const model = models[p] as LossModel; // one for each probe
    const unit = deviation * probes.length;
    value += (lossAt(model, x) - mean) / unit;
    const scale = gradientScale(model, x) / unit;
    model.slopes.forEach((slope, j) => gradient[j] = (gradient[j] ?? 0) + scale * slope);
  });
  return { value, gradient };
}

const MOST_STEPS = 2000;
/** A step that moves no share further ends the search. */
const SMALLEST_MOVE = 1e-9;

/** Projected gradient descent with backtracking; steps grow again after each success. */
function minimise(
  regression: MixtureRegression,
  models: readonly LossModel[],
  bounds: ShareBounds,
  start: readonly number[],
): number[] {
  let weights = [...start], { value, gradient } = objectiveOf(regression, models, weights), size = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = nearestShares(weights.map((weight, j) => weight - size * (gradient[j] ?? 0)), bounds);
    const move = next.map((weight, j) => weight - (weights[j] ?? 0));
    const squared = move.reduce((sum, difference) => sum + difference * difference, 0);
    if (Math.sqrt(squared) < SMALLEST_MOVE) break;
    const there = objectiveOf(regression, models, next);
    const linear = move.reduce((sum, difference, j) => sum + difference * (gradient[j] ?? 0), value);
    // The usual condition for a step of this size: the objective lies below its quadratic bound.
    if (there.value > linear + squared / (2 * size) + 1e-15) {
      size /= 2;
      continue;
    }
    weights = next;
    ({ value, gradient } = there);
    size *= 2;
  }
  return weights;
}

/** The best mixture, as a mixture file holds it. */
export function regressionMixture(
  { tokenizer, tokenBudget, form, runs, origin }: MixtureRegression,
  { shares }: BestMixture,
  name: string,
): Mixture {
  return {
    name,
    method: "regression",
    sources: shares.map(({ source, weight }) => ({ name: source, weight, printed: weight })),
    tokenizer,
    proxy: null,
    tokenBudget,
    caps: { maxEpochs: null },
    createdFrom: `${form} regression on ${runs} runs of ${origin}`,
  };
}
