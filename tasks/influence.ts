/**
 * `deno task influence`: Influence of candidate documents on code, mathematics and knowledge, and the mixture that follows.
 *
 * Promoted from notebooks/04_influence_mixture.ipynb by `deno task promote`: change it there.
 * Cells: parameters, open-run, estimate, print.
 * @module
 */
// As promoted, without this line: sha256 08ab65916ffc4554926503f79e29ac3d42cf112120a1cc02a70d6adb3ac1d4c2
import * as aq from "arquero";
import { join } from "node:path";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask } from "../lib/core/command.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { CAPABILITIES } from "../lib/curation/probing.ts";
import type { ValidationReport } from "../lib/mixture/validation/report.ts";
import { estimateInfluence, estimateProxies } from "../lib/pipeline/estimate.ts";
import type { Run } from "../lib/pipeline/run.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { type InfluenceResult, MIXTURE_FILE } from "../lib/pipeline/stages/influence.ts";
import { readRepresentatives } from "../lib/pipeline/stages/probing.ts";
import { estimateValidationStage, VALIDATION_FILE } from "../lib/pipeline/stages/validation.ts";

const command = runCommand(
  "influence",
  "Influence of candidate documents on code, mathematics and knowledge, and the mixture that follows",
)
  .option("--validate", "Instead: does influence predict what retraining finds?", false);

interface Options extends RunOptions {
  readonly validate: boolean;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { validate } = options;
  // Cell open-run.
  const run = await openRun(options, signal);

  // Cell estimate.
  if (options.estimate) {
    if (validate) {
      print(
        await estimateValidationStage(run.recipe, await run.curation()),
        ({ proxies, trainingSeconds, scoringSeconds, vectorBytes }) =>
          `${proxies} proxies: ${formatDuration(trainingSeconds)}; scores: ${
            formatDuration(scoringSeconds)
          }; ` +
          `${(vectorBytes / 1e6).toFixed(1)} MB of vectors beside a model's training.`,
      );
    } else {
      print(await estimate(run), ({ proxies, influence }) =>
        [
          `${proxies.proxies} domain proxies, ${proxies.tokens} tokens at ${
            proxies.tokensPerSecond.toFixed(0)
          } a second: ${formatDuration(proxies.seconds)}`,
          `${influence.candidates} candidates at ${influence.checkpoints} checkpoints, ${
            formatDuration(influence.secondsPerCheckpoint)
          } each: ${formatDuration(influence.seconds)}; ${
            (influence.vectorBytes / 1e6).toFixed(1)
          } MB of vectors beside a model's training`,
        ].join("\n"));
    }
    return;
  }

  // Cell print.
  if (validate) {
    const { directory } = await run.validation();
    const report: ValidationReport = JSON.parse(await Deno.readTextFile(join(directory, VALIDATION_FILE)));
    print({ directory, report }, () => `${describeValidation(report)}\n${directory}`);
  } else {
    const { directory, manifest: { result } } = await run.influence();
    print({ directory, ...result }, () => `${describe(result)}\n${join(directory, MIXTURE_FILE)}`);
  }
});

// Cell estimate.

/** Training of the domain proxies, and the scores. */
async function estimate(run: Run) {
  const { recipe } = run;
  const sets = await readRepresentatives(recipe, await run.curation());
  const count = (part: "probe" | "candidates") => sets.reduce((sum, set) => sum + set[part].length, 0);
  const capabilities = CAPABILITIES.length;
  return {
    proxies: await estimateProxies(recipe, capabilities, recipe.influence.steps),
    influence: await estimateInfluence(recipe, {
      capabilities,
      candidates: count("candidates"),
      probe: Math.ceil(count("probe") / capabilities),
    }),
  };
}

// Cell print.

function describe({ sources, candidates, adjustments }: InfluenceResult): string {
  const column = (of: (source: InfluenceResult["sources"][number]) => string | number) => sources.map(of);
  return [
    formatTable(aq.table({
      source: column(({ source }) => source),
      candidates: column((source) => source.candidates),
      tokens: column(({ tokens }) => tokens),
      "ρ per token": column(({ density }) => density.toFixed(4)),
      "weight %": column(({ weight }) => (100 * weight).toFixed(2)),
    })),
    `${candidates} candidates.${adjustments === null ? "" : ` ${adjustments}`}`,
  ].join("\n");
}

function describeValidation({ datamodelling, leaveOneOut, regime }: ValidationReport): string {
  const { methods, seedToSeed, ceiling } = datamodelling;
  const interval = (low: number | null, high: number | null) =>
    low === null || high === null ? "" : ` (${low.toFixed(3)} … ${high.toFixed(3)})`;
  return [
    ...methods.map(({ method, mean, low, high }) =>
      `linear datamodelling score, ${method}: ${mean.toFixed(3)}${interval(low, high)}`
    ),
    `ceiling ${ceiling.toFixed(3)}; seed to seed ${seedToSeed.mean.toFixed(3)}${
      interval(seedToSeed.low, seedToSeed.high)
    }`,
    ...leaveOneOut.flatMap(({ capability, methods, seedToSeed }) =>
      methods.map(({ method, spearman }) =>
        `agreement with leave-one-out on ${capability}, ${method}: ${spearman.toFixed(3)} (seed to seed ${
          seedToSeed.toFixed(3)
        })`
      )
    ),
    `${regime.candidates} candidates, ${regime.probeDocuments} probe documents, ${regime.parameters} parameters, ` +
    `${regime.epochs.toFixed(1)} epochs; loss on candidates ${regime.candidateLoss.toFixed(3)}, on probes ${
      regime.probeLoss.toFixed(3)
    }, of a model that knows nothing ${regime.uniformLoss.toFixed(3)}`,
  ].join("\n");
}
