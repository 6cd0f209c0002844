/**
 * What proxies and influence will take on this machine: a few real updates and passes, timed before anything starts.
 * @module
 */
import type { TokenBatch } from "../backends/backend.ts";
import { openInfluence } from "../backends/open.ts";
import { Random } from "../core/random.ts";
import { dataInf } from "../mixture/datainf.ts";
import { initialise } from "../model/initialise.ts";
import { parameterCount } from "../model/config.ts";
import type { Recipe } from "./recipe.ts";
import { proxyModel, proxyTraining } from "./stages/proxies.ts";
import { recipeBackend } from "./stages/training.ts";

/** Proxies of one length. */
export interface ProxyEstimate {
  readonly proxies: number;
  /** Tokens of all of them. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

/** Influence over all capabilities and checkpoints. */
export interface InfluenceEstimate {
  readonly checkpoints: number;
  readonly candidates: number;
  /** Of one checkpoint, the gradient of its probe included. */
  readonly secondsPerCheckpoint: number;
  readonly seconds: number;
  /** Of the vectors beside a model's training: the probe's gradient and what it becomes. */
  readonly vectorBytes: number;
}

/** Times a proxy is updated, after one update that counts for nothing. */
const UPDATES = 3;

/** Batches of candidates that are scored, after one that counts for nothing. */
const BATCHES = 2;

/** Times updates of the recipe's proxy. */
export async function estimateProxies(
  recipe: Recipe,
  proxies: number,
  steps: number,
): Promise<ProxyEstimate> {
  const { sequences, length } = recipe.proxy;
  const { config, schedule, optimizer } = await proxyTraining(recipe, steps);
  await using backend = await recipeBackend(recipe, config);
  const weights = initialise(config, recipe.seed), zeros = new Float32Array(weights.length);
  await backend.importState({ step: 0, weights, firstMoment: zeros, secondMoment: zeros });
  const batch = randomBatch(sequences, length, config.vocabularySize);
  const update = () => backend.step([batch], { ...optimizer, learningRate: schedule.peak });
  await update();
  const started = performance.now();
  for (let i = 0; i < UPDATES; i++) await update();
  const perUpdate = (performance.now() - started) / 1000 / UPDATES;
  return {
    proxies,
    tokens: proxies * steps * sequences * length,
    tokensPerSecond: sequences * length / perUpdate,
    seconds: proxies * steps * perUpdate,
  };
}

/**
 * Times the four passes over a few batches of candidates, with another for the probe.
 *
 * @param candidates Documents that are scored.
 * @param probe Documents of a capability's probing set.
 */
export async function estimateInfluence(
  recipe: Recipe,
  { capabilities, candidates, probe }: {
    readonly capabilities: number;
    readonly candidates: number;
    readonly probe: number;
  },
): Promise<InfluenceEstimate> {
  const { sequences, length, tensors, checkpoints } = recipe.influence;
  const config = await proxyModel(recipe);
  const { workers } = recipe.cpu;
  await using backend = await openInfluence(
    recipe.backend,
    config,
    tensors,
    workers === null ? {} : { workers },
  );
  await backend.load(initialise(config, recipe.seed));
  const batch = randomBatch(sequences, length, config.vocabularySize);
  const score = (batches: number) =>
    dataInf(backend, [{ name: "estimate", batches: [batch] }], Array.from({ length: batches }, () => batch));
  await score(1);
  const seconds = async (batches: number) => {
    const started = performance.now();
    await score(batches);
    return (performance.now() - started) / 1000;
  };
  const one = await seconds(1);
  // The probe's own pass, about a third of a batch's, is in both.
  const perBatch = Math.max(0, await seconds(1 + BATCHES) - one) / BATCHES;
  const perProbeBatch = Math.max(0, one - perBatch);
  const secondsPerCheckpoint = perBatch * Math.ceil(candidates / sequences) +
    perProbeBatch * Math.ceil(probe / sequences);
  return {
    checkpoints: capabilities * checkpoints,
    candidates,
    secondsPerCheckpoint,
    seconds: capabilities * checkpoints * secondsPerCheckpoint,
    vectorBytes: 2 * 4 * parameterCount(config),
  };
}

/** Any tokens take as long as any others. */
function randomBatch(sequences: number, length: number, vocabularySize: number): TokenBatch {
  const random = Random.of(1, "estimate");
  const tokens = Uint32Array.from({ length: sequences * length }, (_, i) => random.below(i, vocabularySize));
  return { sequences, length, tokens, targets: tokens };
}
