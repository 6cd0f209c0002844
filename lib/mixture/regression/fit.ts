/**
 * A regression of every probe's loss on the mixture, as RegMix does it (arXiv 2407.01492): fitted on small runs over many mixtures, it
 * says which mixture to train on. The result is plain JSON, so that it can be kept, and explored in a browser.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { meanOf } from "../../core/statistics.ts";
import type { RunTable } from "../run_table.ts";
import { absolutePenalty, crossValidate, type CrossValidated, foldsOf } from "./cross_validation.ts";
import { type Geometry, geometryOf } from "./geometry.ts";
import { fitForm, fitWithGap, type Form, FORMS, lossAt, type LossModel } from "./loss_model.ts";

/** One probe's part of the regression. */
export interface ProbeRegression {
  readonly probe: string;
  readonly model: LossModel;
  /** The model fitted to mixtures drawn anew with replacement, its penalty and gap held. */
  readonly resampled: readonly LossModel[];
  /** Mean of the runs' losses. */
  readonly mean: number;
  /** Their standard deviation (divisor n): the unit in which probes count alike. */
  readonly deviation: number;
  /** Share of the losses' variance that the fit explains; null where they are equal. */
  readonly rSquared: number | null;
  readonly crossValidated: CrossValidated;
  /** Standard deviation over seeds of one mixture's loss: no prediction errs less on a single run. null: one seed. */
  readonly seedDeviation: number | null;
}

/** A regression that can be asked for any mixture. */
export interface MixtureRegression extends Geometry {
  readonly form: Form;
  readonly sources: readonly string[];
  readonly probes: readonly ProbeRegression[];
  readonly runs: number;
  readonly mixtures: number;
  /** Folds of the cross-validation. */
  readonly folds: number;
  /** Mean over probes of the cross-validated rank correlation, for every form that was tried; unknown ones count as 0. */
  readonly tried: readonly { readonly form: Form; readonly spearman: number }[];
  /** Shares of the mean run, the least, the most [sources]. */
  readonly centre: readonly number[];
  readonly least: readonly number[];
  readonly most: readonly number[];
  /** What to know before believing it. */
  readonly warnings: readonly string[];
  readonly origin: string;
  readonly tokenizer: string | null;
  readonly tokenBudget: number | null;
}

/** How a regression is fitted. */
export interface FitOptions {
  /** Without it, the form with the highest mean cross-validated Spearman. */
  readonly form?: Form | undefined;
  /** Of folds and resamples. */
  readonly seed: number;
  /** 200 by default. */
  readonly resamples?: number;
}

const LEAST_MIXTURES = 4;
const MOST_FOLDS = 10;
/** From where on the fit in the weakest direction is mostly noise. */
const LARGE_CONDITION_NUMBER = 30;
/** Below, the order of mixtures is hardly predicted. */
const LOW_SPEARMAN = 0.5;

/**
 * Fits every probe's loss.
 *
 * @throws {UsageError} for fewer than two sources, no probes, or fewer than four different mixtures.
 *
 * @example
 * ```ts
 * import { fitRegression } from "./fit.ts";
 * import { predictLosses } from "./prediction.ts";
 * import assert from "node:assert/strict";
 * const runs = [0.1, 0.3, 0.5, 0.7, 0.9].map((code) => ({
 *   name: `code ${code}`, method: null, seed: null, weights: [code, 1 - code], losses: [3 - code],
 * }));
 * const regression = fitRegression(
 *   { sources: ["code", "web"], probes: ["code"], runs, origin: "an example", tokenizer: null, tokenBudget: null },
 *   { seed: 1 },
 * );
 * assert.equal(predictLosses(regression, [0.6, 0.4])[0]?.loss.toFixed(4), "2.4000");
 * ```
 */
export function fitRegression(
  table: RunTable,
  { form, seed, resamples = 200 }: FitOptions,
): MixtureRegression {
  const { sources, probes, runs, origin } = table;
  if (sources.length < 2) {
    throw new UsageError(`${origin}: there is ${sources.length} source, expected at least 2.`);
  }
  if (probes.length === 0) throw new UsageError(`${origin}: there are no probes, expected at least one.`);
  const mixtureOf = numberMixtures(runs.map(({ weights }) => weights));
  const mixtures = Math.max(-1, ...mixtureOf) + 1;
  if (mixtures < LEAST_MIXTURES) {
    throw new UsageError(
      `${origin}: there are ${mixtures} different mixtures, expected at least ${LEAST_MIXTURES} for a regression.`,
    );
  }
  const column = (j: number) => runs.map(({ weights }) => weights[j] as number); // one for each source
  const centre = sources.map((_, j) => meanOf(column(j)));
  const x = runs.map(({ weights }) => weights.map((weight, j) => weight - (centre[j] ?? 0)));
  const losses = probes.map((_, p) => runs.map((run) => run.losses[p] as number)); // one for each probe

  const folds = foldsOf(mixtureOf, Math.min(MOST_FOLDS, mixtures), seed);
  const candidates = (form === undefined ? FORMS : [form]).map((form) => {
    const validated = losses.map((y) => crossValidate(form, { x, y }, folds));
    return { form, validated, spearman: meanOf(validated.map(({ spearman }) => spearman ?? 0)) };
  });
  const chosen = candidates.reduce((a, b) => b.spearman > a.spearman ? b : a);

  const samples = resampledRuns(mixtureOf, resamples, seed);
  const geometry = geometryOf(x);
  const fitted = probes.map((probe, p): ProbeRegression => {
    const y = losses[p] as number[], crossValidated = chosen.validated[p] as CrossValidated; // one for each probe
    const model = fitForm(chosen.form, { x, y }, absolutePenalty(crossValidated.penalty, x));
    const mean = meanOf(y), variance = meanOf(y.map((value) => (value - mean) ** 2));
    const error = meanOf(y.map((value, i) => (value - lossAt(model, x[i] as number[])) ** 2));
    return {
      probe,
      model,
      resampled: samples.map((sample) => {
        // Samples are indices of runs.
        const drawn = {
          x: sample.map((run) => x[run] as number[]),
          y: sample.map((run) => y[run] as number),
        };
        return shortened(fitWithGap(drawn, model.gap, absolutePenalty(crossValidated.penalty, x), model));
      }),
      mean,
      deviation: Math.sqrt(variance),
      rSquared: variance === 0 ? null : 1 - error / variance,
      crossValidated,
      seedDeviation: deviationWithin(y, mixtureOf),
    };
  });
  const least = sources.map((_, j) => Math.min(...column(j))),
    most = sources.map((_, j) => Math.max(...column(j)));
  return {
    form: chosen.form,
    sources,
    probes: fitted,
    runs: runs.length,
    mixtures,
    folds: folds.length,
    tried: candidates.map(({ form, spearman }) => ({ form, spearman })),
    centre,
    least,
    most,
    ...geometry,
    warnings: warningsOf(fitted, geometry, mixtures, sources.filter((_, j) => least[j] === most[j])),
    origin,
    tokenizer: table.tokenizer,
    tokenBudget: table.tokenBudget,
  };
}

/** What to know before believing a regression. `constant`: sources whose share never changes. */
function warningsOf(
  probes: readonly ProbeRegression[],
  { conditionNumber, inverseGram }: Geometry,
  mixtures: number,
  constant: readonly string[],
): string[] {
  const parameters = inverseGram.length; // a level, and slopes that sum to 0
  return [
    ...(mixtures >= 2 * parameters ? [] : [
      `${mixtures} mixtures for ${parameters} parameters a probe: too few to fit them and to check them.`,
    ]),
    ...constant.map((source) =>
      `"${source}" has the same share in every mixture: nothing is known of its effect.`
    ),
    ...(conditionNumber === null || conditionNumber <= LARGE_CONDITION_NUMBER ? [] : [
      `The mixtures hardly differ in some direction (condition number ${conditionNumber.toPrecision(3)}): ` +
      "effects along it are noise.",
    ]),
    ...probes.flatMap(({ probe, deviation, crossValidated: { spearman, rSquared } }) => {
      if (deviation === 0) return [`"${probe}" has the same loss in every run.`];
      if (spearman !== null && spearman >= LOW_SPEARMAN && rSquared !== null && rSquared > 0) return [];
      const [order, explained] = [spearman, rSquared].map((value) => value?.toFixed(2) ?? "unknown");
      return [
        `The losses of "${probe}" are hardly predicted where mixtures are held out (Spearman ${order}, R² ${explained}).`,
      ];
    }),
  ];
}

/** Number of each run's mixture; runs with equal shares have the same, whatever their names. */
function numberMixtures(weights: readonly (readonly number[])[]): number[] {
  const numbers = new Map<string, number>();
  return weights.map((own) => {
    const key = JSON.stringify(own.map((weight) => weight.toFixed(9)));
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}

/** Runs of mixtures that are drawn with replacement, as many mixtures as there are. */
function resampledRuns(mixtureOf: readonly number[], resamples: number, seed: number): number[][] {
  const runsOf = [...Map.groupBy(mixtureOf.keys(), (run) => mixtureOf[run]).values()];
  const random = Random.of(seed, "regression resamples");
  return Array.from(
    { length: resamples },
    (_, resample) =>
      runsOf.flatMap((_, i) => runsOf[random.below(resample * runsOf.length + i, runsOf.length)] ?? []),
  );
}

/** Seven digits: a kept regression is mostly its resamples. */
function shortened({ level, slopes, gap }: LossModel): LossModel {
  const short = (value: number) => Number(value.toPrecision(7));
  return { level: short(level), slopes: slopes.map(short), gap };
}

/** Standard deviation of losses within mixtures, pooled over them; null where none has two runs. */
function deviationWithin(y: readonly number[], mixtureOf: readonly number[]): number | null {
  let squares = 0, degrees = 0;
  for (const runs of Map.groupBy(mixtureOf.keys(), (run) => mixtureOf[run]).values()) {
    const own = runs.map((run) => y[run] as number), mean = meanOf(own); // indices of runs
    squares += own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    degrees += own.length - 1;
  }
  return degrees === 0 ? null : Math.sqrt(squares / degrees);
}
