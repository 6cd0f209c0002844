/**
 * Plan of what proxies are trained for: leave-one-out, domain proxies, influence.
 * @module
 */
import { CAPABILITIES } from "../../curation/probing.ts";
import { parameterCount } from "../../model/config.ts";
import { trainingFlopsPerToken } from "../../model/flops.ts";
import { poolSources } from "./data_stages.ts";
import { amount, formatBytes, type PlanInputs, type Work } from "./planned_stage.ts";
import { cutTokens, shardBytes } from "./source_sizes.ts";

/**
 * Passes of DataInf over candidates, in training passes over the same: our own measurement, for one probe, and for three that share
 * their passes.
 */
const PASSES_ALONE = 3.3;
const PASSES_SHARED = 5;

/** A proxy for each source that is left out and one with all, over seeds. */
export function planLeaveOneOut(inputs: PlanInputs): Work {
  const { leaveOneOut: { steps, seeds }, sources } = inputs.recipe;
  const proxies = seeds * (1 + sources.length);
  return planProxies("leave-one-out", proxies, steps, 0, inputs, [
    `${seeds} seeds × (1 + ${sources.length} sources left out) = ${proxies} proxies`,
  ]);
}

/** A proxy for each capability, whose checkpoints stay. */
export function planDomainProxies(inputs: PlanInputs): Work {
  const { steps, checkpoints } = inputs.recipe.influence;
  const models = CAPABILITIES.length * checkpoints, bytes = 4 * parameterCount(inputs.proxy);
  return planProxies("domain-proxies", CAPABILITIES.length, steps, models * bytes, inputs, [
    `${CAPABILITIES.length} capabilities; ${models} checkpoints of ${formatBytes(bytes)} stay`,
  ]);
}

function planProxies(
  stage: string,
  proxies: number,
  steps: number,
  storageBytes: number,
  { recipe: { proxy: { sequences, length } }, cluster: { gpusPerNode }, proxy }: PlanInputs,
  what: readonly string[],
): Work {
  const tokens = proxies * steps * sequences * length, perToken = trainingFlopsPerToken(proxy, length);
  return {
    stage,
    jobs: proxies,
    gpusPerJob: gpusPerNode,
    tokens,
    flops: tokens * perToken,
    storageBytes,
    arithmetic: [
      ...what,
      `${proxies} × ${amount(steps)} updates × ${sequences} sequences × ${length} tokens = ${
        amount(tokens)
      } tokens`,
      `× ${amount(perToken)} FLOP a token of ${amount(parameterCount(proxy))} parameters = ${
        amount(tokens * perToken)
      } FLOP`,
    ],
  };
}

/** Every candidate at every checkpoint of every capability's proxy. */
export function planInfluence({ recipe, cluster: { gpusPerNode }, proxy, sources }: PlanInputs): Work {
  const { curation: { documentsPerSource, overlap }, influence: { checkpoints, length } } = recipe;
  const perSource = overlap ? documentsPerSource : documentsPerSource / 2;
  const once = cutTokens(sources, perSource, length);
  const jobs = CAPABILITIES.length * checkpoints;
  const perToken = PASSES_ALONE * trainingFlopsPerToken(proxy, length);
  return {
    stage: "influence",
    jobs,
    gpusPerJob: gpusPerNode,
    tokens: jobs * once,
    flops: jobs * once * perToken,
    storageBytes: 0,
    arithmetic: [
      `${CAPABILITIES.length} capabilities × ${checkpoints} checkpoints × ${sources.length} sources × ${
        amount(perSource)
      } candidates of up to ${length} tokens = ${amount(jobs * once)} tokens`,
      `× ${PASSES_ALONE} training passes (measured) × ${amount(perToken / PASSES_ALONE)} FLOP a token = ${
        amount(jobs * once * perToken)
      } FLOP`,
    ],
  };
}

/** The pool, scored by the current model for all capabilities at once. @param round From 1. */
export function planCompression(round: number, { recipe, cluster, model, sources }: PlanInputs): Work {
  const { documentsPerSource, length } = recipe.midtrain.compression;
  const pool = poolSources(recipe, sources);
  const tokens = cutTokens(pool, documentsPerSource, length);
  const documents = pool.reduce(
    (sum, own) => sum + Math.min(own.documents, documentsPerSource ?? Infinity),
    0,
  );
  const perToken = PASSES_SHARED * trainingFlopsPerToken(model, length);
  return {
    stage: `compression-${round}`,
    jobs: 1,
    gpusPerJob: cluster.nodes * cluster.gpusPerNode,
    tokens,
    flops: tokens * perToken,
    storageBytes: shardBytes(pool),
    arithmetic: [
      `${amount(documents)} documents of ${pool.length} sources, up to ${length} tokens of each = ${
        amount(tokens)
      } tokens${round > 1 ? ", as if nothing had been dropped before" : ""}`,
      `× ${PASSES_SHARED} training passes (measured; ${CAPABILITIES.length} capabilities share them) × ${
        amount(perToken / PASSES_SHARED)
      } FLOP a token = ${amount(tokens * perToken)} FLOP`,
      `what is kept, as shards: at most ${formatBytes(shardBytes(pool))}`,
    ],
  };
}
