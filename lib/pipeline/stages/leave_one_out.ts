/**
 * Stage "leave-one-out": proxies with all sources and without each of them, and what that does to the probing sets (the paper's
 * Eq 1): all sources sampled alike, nothing repeated.
 *
 * The paper states neither model nor seeds; its 500,000 steps on equal shares without repetition cannot be had from corpora of its
 * sizes. Here the recipe says model, updates and seeds, and more updates than the smallest source allows are refused.
 * @module
 */
import {
  type Impact,
  leaveOneOutImpacts,
  leaveOneOutMixtures,
  leaveOneOutWeights,
  requireFairBudget,
  type SourceImpact,
} from "../../mixture/leave_one_out.ts";
import type { Mixture } from "../../core/mixture.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { ProxyInputs } from "./domain_proxies.ts";
import { openCuratedProbes } from "./probing.ts";
import { describeProxy, proxyRecipe, trainProxies } from "./proxies.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** The stage's result. */
export interface LeaveOneOutResult {
  /** Δ of every source on every probing set along training. */
  readonly impacts: readonly Impact[];
  /** Every source's way to its weight in the mixture that they give, as a baseline. */
  readonly weights: readonly SourceImpact[];
  readonly mixture: Mixture;
}

/** The stage over finished shards. */
export function leaveOneOutStage(
  name: string,
  recipe: Recipe,
  inputs: ProxyInputs,
): Stage<LeaveOneOutResult> {
  return {
    name,
    recipe: { ...proxyRecipe(recipe), leaveOneOut: recipe.leaveOneOut, floor: recipe.influence.floor },
    inputs: { curation: inputs.curation.manifest.digest, shards: inputs.shards.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => leaveOneOut(recipe, inputs, context),
  };
}

async function leaveOneOut(
  recipe: Recipe,
  { curation, shards }: ProxyInputs,
  context: StageContext,
): Promise<LeaveOneOutResult> {
  const { seed, tokenizer, proxy: { length, sequences }, leaveOneOut: { steps, seeds, probePoints } } =
    recipe;
  const sizes = shards.manifest.result.train.map(({ source, tokens }) => ({ name: source, tokens }));
  requireFairBudget(sizes, steps * sequences * length);
  const mixtures = leaveOneOutMixtures(sizes.map(({ name }) => name), tokenizer);
  const planned = Array.from({ length: seeds }, (_, i) => seed + i).flatMap((seed) =>
    mixtures.map(({ left, mixture }) => ({
      name: `seed-${seed}-${left === null ? "full" : `without-${left}`}`,
      seed,
      mixture,
      left,
    }))
  );
  const probes = await openCuratedProbes(recipe, curation, recipe.proxy);
  const records = await trainProxies(recipe, {
    proxies: planned,
    shards,
    probes: () => probes,
    steps,
    probePoints,
    keptModels: 0,
  }, context);
  const impacts = leaveOneOutImpacts(
    // A record for each that was planned.
    records.flatMap(({ seed, losses }, i) =>
      losses.map((loss) => ({ ...loss, seed, left: planned[i]?.left ?? null }))
    ),
  );
  const weights = leaveOneOutWeights(impacts, recipe.influence.floor);
  return {
    impacts,
    weights,
    mixture: {
      name: "leave-one-out",
      method: "leave-one-out",
      sources: weights.map(({ source, weight }) => ({ name: source, weight, printed: weight })),
      tokenizer,
      proxy: describeProxy(recipe),
      tokenBudget: null,
      caps: { maxEpochs: null },
      createdFrom: `leave-one-out, ${seeds} seeds`,
    },
  };
}
