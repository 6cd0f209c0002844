/**
 * How well a form predicts losses of mixtures that it has not seen, and which penalty is best for that.
 * @module
 */
import { meanOf, spearman } from "../../core/statistics.ts";
import { Random } from "../../core/random.ts";
import { fitForm, type Form, lossAt, type Observations } from "./loss_model.ts";

/** Penalties that are tried, in units of the shares' mean variance times the runs. */
const PENALTIES = [1e-6, 1e-4, 1e-2, 0.1, 1, 10];

/** λ from a penalty relative to the data: the mean of the shares' non-zero eigenvalues is its unit. */
export function absolutePenalty(relative: number, x: readonly (readonly number[])[]): number {
  const squares = x.reduce((sum, row) => row.reduce((s, value) => s + value * value, sum), 0);
  return relative * squares / ((x[0]?.length ?? 0) - 1);
}

/**
 * Folds of mixtures in random order; runs of one mixture share a fold, or else their noise alone would be left to predict.
 *
 * @param mixtureOf Number of each run's mixture, 0 … mixtures − 1 [runs].
 * @returns Runs of each fold.
 */
export function foldsOf(mixtureOf: readonly number[], folds: number, seed: number): number[][] {
  const mixtures = Array.from({ length: Math.max(...mixtureOf) + 1 }, (_, mixture) => mixture);
  const order = Random.of(seed, "regression folds").shuffled(mixtures);
  const foldOf = new Map(order.map((mixture, place) => [mixture, place % folds]));
  return Array.from(
    { length: folds },
    (_, fold) => mixtureOf.flatMap((mixture, run) => foldOf.get(mixture) === fold ? [run] : []),
  );
}

/** A form's predictions of what it was not fitted to. */
export interface CrossValidated {
  /** The penalty with the least error; chosen on the same folds, so the figures here flatter a little. */
  readonly penalty: number;
  /** In nats. */
  readonly rootMeanSquareError: number;
  /** 1 less the squared error over that of the mean; null where the losses are equal. May be negative. */
  readonly rSquared: number | null;
  /** Rank correlation with the losses; null where losses or predictions are equal. */
  readonly spearman: number | null;
}

/** Cross-validates one probe's form. */
export function crossValidate(
  form: Form,
  { x, y }: Observations,
  folds: readonly (readonly number[])[],
): CrossValidated {
  const select = (runs: readonly number[]): Observations => ({
    x: runs.map((run) => x[run] as number[]), // runs are indices of both
    y: runs.map((run) => y[run] as number),
  });
  const tried = PENALTIES.map((penalty) => {
    const predicted = new Array<number>(y.length);
    for (const fold of folds) {
      const rest = select(y.flatMap((_, run) => fold.includes(run) ? [] : [run]));
      const model = fitForm(form, rest, absolutePenalty(penalty, rest.x));
      for (const run of fold) predicted[run] = lossAt(model, x[run] as number[]);
    }
    const error = meanOf(predicted.map((value, run) => (value - (y[run] as number)) ** 2));
    return { penalty, predicted, error };
  });
  const { penalty, predicted, error } = tried.reduce((a, b) => b.error < a.error ? b : a);
  const variance = meanOf(y.map((value) => (value - meanOf(y)) ** 2));
  const correlation = spearman(predicted, y);
  return {
    penalty,
    rootMeanSquareError: Math.sqrt(error),
    rSquared: variance === 0 ? null : 1 - error / variance,
    spearman: Number.isNaN(correlation) ? null : correlation,
  };
}
