/**
 * Stage "domain-proxies": for each capability a model of its own, trained on all of its sources alike, with T evenly spaced
 * checkpoints: the θ_{c,t} of the paper's Eq 5.
 * @module
 */
import { join } from "node:path";
import { uniformMixture } from "../../core/mixture.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { evenlySpaced, modelPathAt } from "../../mixture/proxy.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CurationResult } from "./curation.ts";
import { openCuratedProbes } from "./probing.ts";
import { proxyRecipe, type ProxyRecord, trainProxies } from "./proxies.ts";
import type { ShardsResult } from "./shards.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** What proxies are trained on and asked with. */
export interface ProxyInputs {
  readonly curation: FinishedStage<CurationResult>;
  readonly shards: FinishedStage<ShardsResult>;
}

/** The stage over finished shards; the name of a capability's proxy is the capability's. */
export function domainProxiesStage(recipe: Recipe, inputs: ProxyInputs): Stage<ProxyRecord[]> {
  const { steps, checkpoints } = recipe.influence;
  return {
    name: "domain-proxies",
    recipe: { ...proxyRecipe(recipe), steps, checkpoints },
    inputs: { curation: inputs.curation.manifest.digest, shards: inputs.shards.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => trainDomains(recipe, inputs, context),
  };
}

async function trainDomains(
  recipe: Recipe,
  { curation, shards }: ProxyInputs,
  context: StageContext,
): Promise<ProxyRecord[]> {
  const { seed, tokenizer, influence: { steps, checkpoints } } = recipe;
  const probes = await openCuratedProbes(recipe, curation, recipe.proxy);
  return await trainProxies(recipe, {
    proxies: probes.map(({ name, sources }) => ({ name, seed, mixture: uniformMixture(sources, tokenizer) })),
    shards,
    probes: (proxy) => probes.filter(({ name }) => name === proxy.name),
    steps,
    probePoints: checkpoints,
    keptModels: checkpoints,
  }, context);
}

/** Model directories of a capability's checkpoints, t = 1 … T. */
export function checkpointPaths(
  { influence: { steps, checkpoints } }: Recipe,
  stage: FinishedStage<ProxyRecord[]>,
  capability: string,
): string[] {
  return evenlySpaced(steps, checkpoints).map((step) => modelPathAt(join(stage.directory, capability), step));
}
