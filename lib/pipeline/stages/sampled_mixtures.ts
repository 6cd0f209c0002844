/**
 * Stage "sampled-mixtures": proxies on random mixtures, the regression of their losses on the shares, and the mixture that it
 * thinks best (RegMix, arXiv 2407.01492). Makes regression.json and mixture.json.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../core/artefacts.ts";
import { type Mixture, mixtureFileOf } from "../../core/mixture.ts";
import { bestMixture, regressionMixture } from "../../mixture/regression/best_mixture.ts";
import { fitRegression, type MixtureRegression } from "../../mixture/regression/fit.ts";
import { randomMixtures } from "../../mixture/regression/random_mixtures.ts";
import { readRunFolders } from "../../mixture/run_files.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { ProxyInputs } from "./domain_proxies.ts";
import { MIXTURE_FILE } from "./influence.ts";
import { openCuratedProbes } from "./probing.ts";
import { proxyRecipe, trainProxies } from "./proxies.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** The stage's result. */
export interface SampledMixturesResult {
  readonly mixture: Mixture;
  /** How well the regression predicts losses of mixtures that it has not seen. */
  readonly probes: MixtureRegression["probes"];
  readonly warnings: readonly string[];
}

/** File of the regression: plain JSON, which predicts the losses of any mixture. */
export const REGRESSION_FILE = "regression.json";

/** Times that a random mixture may repeat a source. */
const MAX_EPOCHS = 4;

/** The stage over finished shards. */
export function sampledMixturesStage(recipe: Recipe, inputs: ProxyInputs): Stage<SampledMixturesResult> {
  const { steps, sampled } = recipe.comparison;
  return {
    name: "sampled-mixtures",
    recipe: { ...proxyRecipe(recipe), steps, sampled },
    inputs: { curation: inputs.curation.manifest.digest, shards: inputs.shards.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => sample(recipe, inputs, context),
  };
}

async function sample(
  recipe: Recipe,
  { curation, shards }: ProxyInputs,
  context: StageContext,
): Promise<SampledMixturesResult> {
  const { seed, tokenizer, proxy: { length, sequences }, comparison: { steps, sampled } } = recipe;
  const sizes = shards.manifest.result.train.map(({ source, tokens }) => ({ name: source, tokens }));
  const mixtures = randomMixtures(sizes, {
    count: sampled,
    seed,
    tokenizer,
    tokenBudget: steps * sequences * length,
    maxEpochs: MAX_EPOCHS,
  });
  const probes = await openCuratedProbes(recipe, curation, recipe.proxy);
  await trainProxies(recipe, {
    proxies: mixtures.map((mixture) => ({ name: mixture.name, seed, mixture })),
    shards,
    probes: () => probes,
    steps,
    probePoints: 1,
    keptModels: 0,
  }, context);
  const regression = fitRegression(await readRunFolders([context.directory]), { seed });
  const mixture = regressionMixture(regression, bestMixture(regression), "regression");
  await writeJson(join(context.directory, REGRESSION_FILE), regression);
  await writeJson(join(context.directory, MIXTURE_FILE), mixtureFileOf(mixture));
  return { mixture, probes: regression.probes, warnings: regression.warnings };
}
