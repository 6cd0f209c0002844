/**
 * Stage "comparison": the mixtures of every method on equal terms: the same proxies, updates and seeds, on mixtures alone that
 * differ, asked with held-out text that no method has seen.
 * @module
 */
import { type ComparedMixture, compareMeasured } from "../../mixture/comparison.ts";
import { readRunFolders } from "../../mixture/run_files.ts";
import { type Mixture, proportionalMixture, uniformMixture } from "../../core/mixture.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import type { ProxyInputs } from "./domain_proxies.ts";
import type { InfluenceResult } from "./influence.ts";
import type { LeaveOneOutResult } from "./leave_one_out.ts";
import { proxyRecipe, trainProxies } from "./proxies.ts";
import type { SampledMixturesResult } from "./sampled_mixtures.ts";
import { openProbes } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** Where the mixtures come from. */
export interface ComparisonInputs extends ProxyInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly leaveOneOut: FinishedStage<LeaveOneOutResult>;
  readonly influence: FinishedStage<InfluenceResult>;
  readonly sampled: FinishedStage<SampledMixturesResult>;
}

/** The stage's result. */
export interface ComparisonResult {
  readonly mixtures: readonly Mixture[];
  /** Best first. */
  readonly compared: readonly ComparedMixture[];
}

/** The stage over the methods' own. */
export function comparisonStage(recipe: Recipe, inputs: ComparisonInputs): Stage<ComparisonResult> {
  const { steps, seeds } = recipe.comparison;
  return {
    name: "comparison",
    recipe: { ...proxyRecipe(recipe), steps, seeds, probeTokens: recipe.probeTokens },
    inputs: Object.fromEntries(
      Object.values(inputs).map(({ manifest }) => [manifest.stage, manifest.digest]),
    ),
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => compare(recipe, inputs, context),
  };
}

/** Mixtures that are compared. */
export const METHODS = 6;

/** The mixtures that are compared. */
function comparedMixtures(
  { tokenizer }: Recipe,
  { shards, leaveOneOut, influence, sampled }: ComparisonInputs,
): Mixture[] {
  const sizes = shards.manifest.result.train.map(({ source, tokens }) => ({ name: source, tokens }));
  return [
    uniformMixture(sizes.map(({ name }) => name), tokenizer),
    proportionalMixture(sizes, tokenizer),
    leaveOneOut.manifest.result.mixture,
    sampled.manifest.result.mixture,
    influence.manifest.result.gradientProduct,
    influence.manifest.result.mixture,
  ];
}

async function compare(
  recipe: Recipe,
  inputs: ComparisonInputs,
  context: StageContext,
): Promise<ComparisonResult> {
  const { seed, comparison: { steps, seeds } } = recipe;
  const mixtures = comparedMixtures(recipe, inputs);
  const probes = await openProbes(recipe, inputs.corpus, inputs.shards, recipe.proxy.length);
  await trainProxies(recipe, {
    proxies: Array.from({ length: seeds }, (_, i) => seed + i).flatMap((seed) =>
      mixtures.map((mixture) => ({ name: `seed-${seed}-${mixture.name}`, seed, mixture }))
    ),
    shards: inputs.shards,
    probes: () => probes,
    steps,
    probePoints: 1,
    keptModels: 0,
  }, context);
  return { mixtures, compared: compareMeasured(await readRunFolders([context.directory])) };
}
