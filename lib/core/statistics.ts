/**
 * The few statistics that comparisons of runs need: means with intervals, rank correlation, the bootstrap.
 * @module
 */
import { UsageError } from "./errors.ts";
import type { Random } from "./random.ts";

/** A number and what it may be by chance. */
export interface Estimate {
  readonly mean: number;
  /** Ends of the interval; null where there are too few values for one. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Fewer values give no interval: two would give one of 12.7 standard errors to either side, which says nothing. */
export const LEAST_FOR_INTERVAL = 3;

/** Arithmetic mean; NaN of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample (divisor n − 1); NaN below two values. */
export function standardDeviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/**
 * Share of Student's t distribution within ±t: the finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and
 * 26.7.4).
 *
 * @param theta arctan(t / √ν).
 */
function centralShare(theta: number, degrees: number): number {
  const cosine = Math.cos(theta);
  let term = degrees % 2 === 0 ? 1 : cosine;
  let sum = degrees === 1 ? 0 : term;
  for (let k = degrees % 2 === 0 ? 1 : 2; k < degrees - 2; k += 2) {
    term *= cosine ** 2 * k / (k + 1);
    sum += term;
  }
  sum *= Math.sin(theta);
  return degrees % 2 === 0 ? sum : 2 / Math.PI * (theta + sum);
}

/**
 * The t that Student's distribution exceeds with probability 1 − p.
 *
 * @param p 0.5 … 1, the ends excluded.
 * @param degrees Degrees of freedom, a whole number above 0.
 *
 * @example
 * ```ts
 * import { studentQuantile } from "./statistics.ts";
 * import assert from "node:assert/strict";
 * assert.equal(studentQuantile(0.975, 2).toFixed(4), "4.3027");
 * ```
 */
export function studentQuantile(p: number, degrees: number): number {
  // Bisection over the angle, which is bounded where t is not.
  let low = 0, high = Math.PI / 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return Math.sqrt(degrees) * Math.tan(middle);
    if (centralShare(middle, degrees) < 2 * p - 1) low = middle;
    else high = middle;
  }
}

/**
 * The mean with Student's t interval; without one below {@link LEAST_FOR_INTERVAL} values.
 *
 * @param level Probability that the interval covers the mean, of values that are normal.
 *
 * @example
 * ```ts
 * import { tInterval } from "./statistics.ts";
 * import assert from "node:assert/strict";
 * const { mean, low, high } = tInterval([1, 2, 3]);
 * assert.deepEqual([mean, low?.toFixed(3), high?.toFixed(3)], [2, "-0.484", "4.484"]);
 * assert.deepEqual(tInterval([1]), { mean: 1, low: null, high: null });
 * ```
 */
export function tInterval(values: readonly number[], level = 0.95): Estimate {
  const mean = meanOf(values);
  if (values.length < LEAST_FOR_INTERVAL) return { mean, low: null, high: null };
  const half = studentQuantile((1 + level) / 2, values.length - 1) * standardDeviation(values) /
    Math.sqrt(values.length);
  return { mean, low: mean - half, high: mean + half };
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array<number>(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && order[end]?.value === order[start]?.value) end++;
    for (const { index } of order.slice(start, end)) result[index] = (start + 1 + end) / 2;
  }
  return result;
}

/** Pearson's correlation of two series of one length; NaN where either is constant. */
export function pearson(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) {
    throw new UsageError(
      `Correlation: the series have ${a.length} and ${b.length} values, expected as many.`,
    );
  }
  const meanA = meanOf(a), meanB = meanOf(b);
  let product = 0, squareA = 0, squareB = 0;
  a.forEach((value, i) => {
    const x = value - meanA, y = (b[i] as number) - meanB; // of one length
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  });
  return product / Math.sqrt(squareA * squareB);
}

/**
 * Spearman's rank correlation, ties by mean ranks; NaN where a series is constant.
 *
 * @throws {UsageError} where the series differ in length.
 *
 * @example
 * ```ts
 * import { spearman } from "./statistics.ts";
 * import assert from "node:assert/strict";
 * assert.equal(spearman([1, 2, 3], [1, 8, 27]), 1);
 * ```
 */
export function spearman(a: readonly number[], b: readonly number[]): number {
  return pearson(ranks(a), ranks(b));
}

/**
 * A quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996); NaN of nothing.
 *
 * @param p 0 … 1.
 */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = p * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? NaN, above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** How a bootstrap is done. */
export interface BootstrapOptions {
  /** 1000 by default. */
  readonly resamples?: number;
  /** Share of the resamples' values within the interval: 0.95 by default. */
  readonly level?: number;
}

/**
 * Percentile bootstrap (Efron, 1979): the statistic of the values, and where it lies in samples drawn from them with replacement.
 *
 * @param values What is drawn anew: whatever may count as independent.
 * @param statistic A resample on which it is NaN (a correlation of equal values) is left out.
 * @returns `mean` is the statistic of the values themselves.
 *
 * @example
 * ```ts
 * import { bootstrapInterval, meanOf } from "./statistics.ts";
 * import { Random } from "./random.ts";
 * import assert from "node:assert/strict";
 * const { mean, low, high } = bootstrapInterval([1, 2, 3, 4], meanOf, Random.of(1, "example"));
 * assert.ok(low !== null && high !== null && low < mean && mean < high);
 * ```
 */
export function bootstrapInterval<T>(
  values: readonly T[],
  statistic: (values: T[]) => number,
  random: Random,
  { resamples = 1000, level = 0.95 }: BootstrapOptions = {},
): Estimate {
  const mean = statistic([...values]);
  if (values.length < LEAST_FOR_INTERVAL) return { mean, low: null, high: null };
  const drawn: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    // Indices are below the length.
    const sample = values.map((_, i) =>
      values[random.below(resample * values.length + i, values.length)] as T
    );
    const value = statistic(sample);
    if (!Number.isNaN(value)) drawn.push(value);
  }
  if (drawn.length === 0) return { mean, low: null, high: null };
  return { mean, low: quantile(drawn, (1 - level) / 2), high: quantile(drawn, (1 + level) / 2) };
}
