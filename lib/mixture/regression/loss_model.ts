/**
 * One probe's loss as a function of the mixture: the two forms that are fitted, and how.
 *
 * With x = w − w̄, a mixture's shares less the mean of the runs':
 * - linear (RegMix, arXiv 2407.01492): ℓ(x) = m + β·x
 * - log-linear (data mixing laws, arXiv 2403.16952): ℓ(w) = c + k·exp(t·w), here as ℓ(x) = m + g·(exp(β·x / g) − 1). m is the
 *   loss at the mean mixture, β its slopes there, g = m − c how far the irreducible loss c lies below, t = β / g. So the two
 *   forms share their parameters, and as g grows the second becomes the first.
 *
 * Both minimise Σ (y − ℓ(x))² + λ‖β‖². Shares sum to 1, so that only differences of slopes matter: the penalty picks, of all
 * equal fits, the slopes that sum to 0.
 * @module
 */
import { meanOf } from "../../core/statistics.ts";
import { solvePositiveDefinite } from "./linear_algebra.ts";

/** The forms. */
export const FORMS = ["linear", "log-linear"] as const;
/** "linear": ridge regression; "log-linear": the law of exponentials. */
export type Form = typeof FORMS[number];

/** A fitted form, in nats per token. */
export interface LossModel {
  /** m: the loss at the mean mixture. */
  readonly level: number;
  /** β: change of the loss per unit of a share, at the mean mixture [sources]. */
  readonly slopes: readonly number[];
  /** g: the level less the irreducible loss; null: linear. */
  readonly gap: number | null;
}

/** β·x. */
function slope({ slopes }: LossModel, x: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < slopes.length; j++) sum += (slopes[j] as number) * (x[j] as number); // of one length
  return sum;
}

/**
 * The loss of a mixture.
 *
 * @param x Its shares less the mean of the runs' [sources].
 */
export function lossAt(model: LossModel, x: readonly number[]): number {
  const { level, gap } = model;
  return level + (gap === null ? slope(model, x) : gap * Math.expm1(slope(model, x) / gap));
}

/** Factor of the slopes in the loss's gradient at a mixture: 1 where the form is linear. */
export function gradientScale(model: LossModel, x: readonly number[]): number {
  return model.gap === null ? 1 : Math.exp(slope(model, x) / model.gap);
}

/** What a form is fitted to. */
export interface Observations {
  /** Shares less their mean [runs][sources]. */
  readonly x: readonly (readonly number[])[];
  /** Losses [runs]. */
  readonly y: readonly number[];
}

/** Σ (y − ℓ)² + λ‖β‖². */
export function penalisedError(model: LossModel, { x, y }: Observations, penalty: number): number {
  let error = 0;
  x.forEach((row, i) => error += ((y[i] as number) - lossAt(model, row)) ** 2); // one for each
  return model.slopes.reduce((sum, slope) => sum + penalty * slope ** 2, error);
}

/** The model one Gauss–Newton step of size 1 away; where the form is linear, that is the minimum. */
function gaussNewton(model: LossModel, { x, y }: Observations, penalty: number): LossModel {
  const sources = model.slopes.length;
  // Parameters: level, slopes. Only the lower triangle is summed.
  const normal = Array.from({ length: sources + 1 }, () => new Array<number>(sources + 1).fill(0));
  const right = new Array<number>(sources + 1).fill(0);
  const jacobian = new Array<number>(sources + 1).fill(1);
  x.forEach((row, i) => {
    const scale = gradientScale(model, row), residual = (y[i] as number) - lossAt(model, row);
    for (let j = 0; j < sources; j++) jacobian[j + 1] = scale * (row[j] as number);
    for (let j = 0; j <= sources; j++) {
      const value = jacobian[j] as number, line = normal[j] as number[];
      right[j] = (right[j] as number) + value * residual;
      for (let k = 0; k <= j; k++) line[k] = (line[k] as number) + value * (jacobian[k] as number);
    }
  });
  model.slopes.forEach((slope, j) => {
    right[j + 1] = (right[j + 1] as number) - penalty * slope;
    const line = normal[j + 1] as number[];
    line[j + 1] = (line[j + 1] as number) + penalty;
  });
  const [level = 0, ...slopes] = solvePositiveDefinite(normal, right);
  return moved(model, { level, slopes }, 1);
}

function moved(from: LossModel, step: { level: number; slopes: readonly number[] }, size: number): LossModel {
  return {
    level: from.level + size * step.level,
    slopes: from.slopes.map((slope, j) => slope + size * (step.slopes[j] ?? 0)),
    gap: from.gap,
  };
}

/** Gauss–Newton steps; a handful suffices. */
const MOST_STEPS = 50;
const LARGEST_FIRST_EXPONENT = 2;

/**
 * The best level and slopes for a given gap.
 *
 * @param penalty λ, above 0.
 * @param start Where the search begins, such as a fit with another gap; without it, at the linear form.
 */
export function fitWithGap(
  observations: Observations,
  gap: number | null,
  penalty: number,
  start?: LossModel,
): LossModel {
  const nothing = {
    level: meanOf(observations.y),
    slopes: (observations.x[0] ?? []).map(() => 0),
    gap: null,
  };
  const first = gap === null || start === undefined ? gaussNewton(nothing, observations, penalty) : start;
  if (gap === null) return first;
  // Slopes of a flatter form, divided by a smaller gap, would explode: the search begins where no exponent is large.
  const steepest = observations.x.reduce((most, row) => Math.max(most, Math.abs(slope(first, row))), 0);
  const shrink = Math.min(1, LARGEST_FIRST_EXPONENT * gap / steepest);
  let model: LossModel = { level: first.level, slopes: first.slopes.map((slope) => shrink * slope), gap };
  let error = penalisedError(model, observations, penalty);
  for (let step = 0; step < MOST_STEPS; step++) {
    const target = gaussNewton(model, observations, penalty);
    const direction = {
      level: target.level - model.level,
      slopes: target.slopes.map((slope, j) => slope - (model.slopes[j] ?? 0)),
    };
    let size = 1, next = target, nextError = penalisedError(next, observations, penalty);
    while (!(nextError <= error) && size > 1e-9) {
      size /= 2;
      next = moved(model, direction, size);
      nextError = penalisedError(next, observations, penalty);
    }
    const gained = error - nextError;
    if (!(gained >= 0)) return model;
    model = next;
    error = nextError;
    if (gained <= 1e-14 * error) break;
  }
  return model;
}

/** Gaps that are tried first, in standard deviations of the losses; then the range between the best one's neighbours is searched. */
const GAPS = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2];
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Golden-section steps: from a factor of 4, they narrow the gap down to 0.1%. */
const SECTIONS = 15;

/**
 * Fits a form. In the log-linear one the gap is searched between a fifth and fifty times the losses' standard deviation: below,
 * a single run would decide, above, the form is linear.
 *
 * @param penalty λ, above 0.
 */
export function fitForm(form: Form, observations: Observations, penalty: number): LossModel {
  const linear = fitWithGap(observations, null, penalty);
  const { y } = observations;
  const mean = meanOf(y), spread = Math.sqrt(meanOf(y.map((value) => (value - mean) ** 2)));
  if (form === "linear" || spread === 0) return linear;
  let best: LossModel = { ...linear, gap: spread * (GAPS.at(-1) as number) }, bestError = Infinity;
  /** Penalised error with a gap; each search begins at the best model so far. */
  const errorAt = (gap: number) => {
    const model = fitWithGap(observations, gap, penalty, best),
      error = penalisedError(model, observations, penalty);
    if (error < bestError) [best, bestError] = [model, error];
    return error;
  };
  // From the flattest on.
  const gaps = GAPS.map((gap) => spread * gap).reverse();
  const errors = gaps.map(errorAt), index = errors.indexOf(bestError);
  let low = Math.log(gaps[index + 1] ?? gaps[index] as number),
    high = Math.log(gaps[index - 1] ?? gaps[index] as number);
  let a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
  let errorA = errorAt(Math.exp(a)), errorB = errorAt(Math.exp(b));
  for (let section = 0; section < SECTIONS; section++) {
    if (errorA < errorB) {
      [high, b, errorB] = [b, a, errorA];
      a = high - GOLDEN * (high - low);
      errorA = errorAt(Math.exp(a));
    } else {
      [low, a, errorA] = [a, b, errorB];
      b = low + GOLDEN * (high - low);
      errorB = errorAt(Math.exp(b));
    }
  }
  return best;
}
