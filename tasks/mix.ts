/**
 * `deno task mix`: the mixtures of every method of a recipe's run on equal terms; or, from anyone's measured mixtures, the one to
 * train on, by regression.
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import { table as columnTable } from "arquero";
import { formatTable } from "../lib/catalog/text_table.ts";
import { writeJson } from "../lib/core/artefacts.ts";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { type Mixture, mixtureFileOf } from "../lib/core/mixture.ts";
import { type ComparedMixture, compareMeasured, comparePredicted } from "../lib/mixture/comparison.ts";
import { loadMixture } from "../lib/mixture/load.ts";
import { type BestMixture, bestMixture, regressionMixture } from "../lib/mixture/regression/best_mixture.ts";
import { fitRegression, type MixtureRegression } from "../lib/mixture/regression/fit.ts";
import { type Form, FORMS } from "../lib/mixture/regression/loss_model.ts";
import { readRunCsv } from "../lib/mixture/run_csv.ts";
import { readRunFolders } from "../lib/mixture/run_files.ts";
import type { RunTable } from "../lib/mixture/run_table.ts";
import { estimateProxies } from "../lib/pipeline/estimate.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { METHODS } from "../lib/pipeline/stages/comparison.ts";

interface Options extends RunOptions {
  mixtures?: string;
  losses?: string;
  proxies: string[];
  form?: Form;
  cap: string[];
  floor: number;
  beyondRuns?: boolean;
  seed: number;
  name: string;
  out?: string;
  model?: string;
  compare?: boolean;
  mixture: string[];
}

/** The files that the flags name; undefined: none. */
async function readRuns({ mixtures, losses, proxies }: Options): Promise<RunTable | undefined> {
  if (proxies.length > 0) return await readRunFolders(proxies);
  if (mixtures !== undefined && losses !== undefined) return await readRunCsv(mixtures, losses);
  if (mixtures === losses) return undefined;
  throw new UsageError("--mixtures and --losses belong together.");
}

/** "code=0.3" flags as caps by source. */
function capsOf(flags: readonly string[]): Record<string, number> {
  return Object.fromEntries(flags.map((flag) => {
    const [, source, share] = /^(.+)=([^=]+)$/.exec(flag) ?? [];
    if (source === undefined || share === undefined || Number.isNaN(Number(share))) {
      throw new UsageError(`--cap is "${flag}", expected SOURCE=SHARE.`);
    }
    return [source, Number(share)];
  }));
}

/** Rows as text: numbers to three decimals, as strings lest they lose their zeros. */
function textTable(rows: readonly Record<string, string>[]): string {
  const names = Object.keys(rows[0] ?? {});
  return formatTable(
    columnTable(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]))),
  );
}

function withInterval(value: number, low: number | null, high: number | null, digits: number): string {
  const interval = low === null || high === null ? "" : ` (${low.toFixed(digits)} … ${high.toFixed(digits)})`;
  return value.toFixed(digits) + interval;
}

function optional(value: number | null, digits: number): string {
  return value?.toFixed(digits) ?? "–";
}

const BOUNDS = { least: "at the least allowed", most: "at the most allowed" };

function describeBest(regression: MixtureRegression, best: BestMixture): string {
  const { form, runs, mixtures, sources, folds, conditionNumber, tried } = regression;
  const shares = best.shares.map(({ source, weight, low, high, bound }) => ({
    source,
    "share % (95%)": withInterval(100 * weight, 100 * low, 100 * high, 1),
    note: bound === null ? "" : BOUNDS[bound],
  }));
  const fits = regression.probes.map(({ probe, rSquared, crossValidated, seedDeviation }, p) => {
    const { loss, low, high } = best.predictions[p] as BestMixture["predictions"][number]; // one for each probe
    return {
      probe,
      "predicted loss (95%)": withInterval(loss, low, high, 3),
      "R²": optional(rSquared, 3),
      "held-out R²": optional(crossValidated.rSquared, 3),
      "held-out RMSE": crossValidated.rootMeanSquareError.toFixed(4),
      "held-out Spearman": optional(crossValidated.spearman, 3),
      "seed noise": optional(seedDeviation, 4),
    };
  });
  const others = tried.map(({ form, spearman }) => `${form} ${spearman.toFixed(3)}`).join(", ");
  const warnings = [
    ...regression.warnings,
    ...best.extrapolation.warning === null ? [] : [best.extrapolation.warning],
  ];
  return [
    textTable(shares),
    "",
    textTable(fits),
    "",
    `${form} regression on ${runs} runs, ${mixtures} mixtures of ${sources.length} sources, ${folds} folds; ` +
    `condition number ${conditionNumber?.toPrecision(3) ?? "infinite"}; mean held-out Spearman: ${others}.`,
    ...warnings.map((warning) => `! ${warning}`),
  ].join("\n");
}

function describeComparison(rows: readonly ComparedMixture[]): string {
  const lines = rows.map(({ mixture, method, seeds, predicted, losses, overall }) => ({
    mixture,
    method: method ?? "–",
    runs: predicted ? "predicted" : String(seeds),
    ...Object.fromEntries(
      losses.map(({ probe, mean, low, high }) => [probe, withInterval(mean, low, high, 3)]),
    ),
    mean: withInterval(overall.mean, overall.low, overall.high, 3),
  }));
  const warnings = rows.flatMap(({ mixture, warning }) =>
    warning === null ? [] : [`! ${mixture}: ${warning}`]
  );
  return [textTable(lines), ...warnings].join("\n");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("expected a share, 0 … 1.");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("expected a whole number, 0 or more.");
}

const collect = (value: string, before: string[]) => [...before, value];

const command = runCommand(
  "mix",
  "The mixtures of every method of a recipe's run on equal terms; or, from measured mixtures, the best by regression",
)
  .addOption(
    new Option("--mixtures <file>", "CSV: a name and a column with the share of each source").conflicts(
      "proxies",
    ),
  )
  .addOption(
    new Option("--losses <file>", "CSV: the name, a column with the loss of each probe, perhaps a seed")
      .conflicts("proxies"),
  )
  .option("--proxies <folder>", "a stage's folder with proxies, instead of CSV; repeatable", collect, [])
  .addOption(
    new Option("--form <form>", "of the regression; without it, whichever predicts held-out mixtures best")
      .choices(FORMS),
  )
  .addOption(
    new Option("--cap <source=share>", "most of a source; repeatable").argParser(collect).default([])
      .conflicts("compare"),
  )
  .addOption(
    new Option("--floor <share>", "least share of every source").argParser(share).default(0).conflicts(
      "compare",
    ),
  )
  .addOption(new Option("--beyond-runs", "let shares leave the range of the runs").conflicts("compare"))
  .option("--seed <n>", "of folds and resamples", wholeNumber, 0)
  .addOption(new Option("--name <name>", "of the mixture").default("regression").conflicts("compare"))
  .addOption(new Option("--out <file>", "where the mixture file goes").conflicts("compare"))
  .addOption(new Option("--model <file>", "where the regression goes, as JSON").conflicts("compare"))
  .option("--compare", "print the measured mixtures side by side instead of searching one")
  .option("--mixture <name>", "with --compare: one to predict, or its file; repeatable", collect, []);

await runTask<Options>(command, async (options, { signal, print }) => {
  const { form, floor, beyondRuns = false, seed, name, out, model, compare } = options;
  if (options.mixture.length > 0 && !compare) throw new UsageError("--mixture needs --compare.");
  const caps = capsOf(options.cap);
  const others: Mixture[] = await Promise.all(options.mixture.map(loadMixture));
  const runs = await readRuns(options);
  if (runs === undefined) {
    const run = await openRun(options, signal);
    if (options.estimate) {
      const { sampled, seeds, steps } = run.recipe.comparison;
      return print(
        await estimateProxies(run.recipe, sampled + seeds * METHODS, steps),
        ({ proxies, tokensPerSecond, seconds }) =>
          `${proxies} proxies at ${tokensPerSecond.toFixed(0)} tokens a second: ${
            formatDuration(seconds)
          }, beside leave-one-out and influence.`,
      );
    }
    const { directory, manifest: { result: { compared, mixtures } } } = await run.comparison();
    return print(
      { directory, compared, mixtures },
      () => `${describeComparison(compared)}\n${directory}`,
    );
  }
  if (compare) {
    const predicted = others.length === 0
      ? []
      : comparePredicted(fitRegression(runs, { form, seed }), others);
    const compared = [...compareMeasured(runs), ...predicted];
    return print({ compared }, () => describeComparison(compared));
  }
  const regression = fitRegression(runs, { form, seed });
  const best = bestMixture(regression, { caps, floor, beyondRuns });
  const mixture = regressionMixture(regression, best, name);
  if (model !== undefined) await writeJson(model, regression);
  if (out !== undefined) await writeJson(out, mixtureFileOf(mixture));
  print({ mixture, best, regression }, () => {
    const written = [out, model].filter((path) => path !== undefined);
    return [describeBest(regression, best), ...written].join("\n");
  });
});
