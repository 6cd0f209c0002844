/**
 * What training and influence will take on this machine: a few real updates and passes, timed before anything starts.
 * @module
 */
import type { TokenBatch } from "../backends/backend.ts";
import { freshState } from "../backends/state.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { dataInf } from "../mixture/datainf.ts";
import { initialise } from "../model/initialise.ts";
import { type ModelConfig, parameterCount } from "../model/config.ts";
import { trainingFlopsPerToken } from "../model/flops.ts";
import { microBatches } from "../train/micro_batches.ts";
import type { Recipe } from "./recipe.ts";
import { proxyModel } from "./stages/proxies.ts";
import { modelConfig, recipeBackend, recipeInfluence } from "./stages/training.ts";

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
  const perUpdate = await secondsPerUpdate(recipe, await proxyModel(recipe), {
    sequences,
    sequencesAtOnce: null,
    length,
  });
  return {
    proxies,
    tokens: proxies * steps * sequences * length,
    tokensPerSecond: sequences * length / perUpdate,
    seconds: proxies * steps * perUpdate,
  };
}

/** Training of the recipe's own model. */
export interface TrainingEstimate {
  readonly parameters: number;
  readonly tokens: number;
  /** Forward and backward: lib/model/flops.ts. */
  readonly flops: number;
  readonly seconds: number;
  /** Weights, gradient and both moments, in float32; activations come on top. */
  readonly stateBytes: number;
}

/** A stage of training. */
export interface TrainingSize {
  readonly steps: number;
  readonly sequences: number;
  readonly sequencesAtOnce: number | null;
  readonly length: number;
}

/** Times updates of the recipe's model, for each stage. */
export async function estimateTraining(
  recipe: Recipe,
  stages: readonly TrainingSize[],
): Promise<TrainingEstimate> {
  const config = await modelConfig(recipe);
  let tokens = 0, flops = 0, seconds = 0;
  for (const stage of stages) {
    const { steps, sequences, length } = stage;
    const own = steps * sequences * length;
    tokens += own;
    flops += own * trainingFlopsPerToken(config, length);
    seconds += steps * await secondsPerUpdate(recipe, config, stage);
  }
  const parameters = parameterCount(config);
  return { parameters, tokens, flops, seconds, stateBytes: 4 * 4 * parameters };
}

/**
 * Seconds of one update on random tokens, after one that counts for nothing.
 *
 * @throws {UsageError} for a cluster's recipe, which nothing here could say the time of.
 */
async function secondsPerUpdate(
  recipe: Recipe,
  config: ModelConfig,
  { sequences, sequencesAtOnce, length }: Omit<TrainingSize, "steps">,
): Promise<number> {
  if (recipe.cluster !== null) {
    const { nodes, gpusPerNode } = recipe.cluster;
    throw new UsageError(
      `The recipe is for a cluster of ${nodes} × ${gpusPerNode} GPUs, not for this machine: \`deno task pretrain --estimate\` with it prints the plan of all stages.`,
    );
  }
  await using backend = await recipeBackend(recipe, config);
  await backend.importState(freshState(initialise(config, recipe.seed)));
  const parts = microBatches(randomBatch(sequences, length, config.vocabularySize), sequencesAtOnce);
  const update = () =>
    backend.step(parts, {
      ...recipe.optimizer,
      weightDecay: 0,
      decayedKinds: ["linear"],
      learningRate: 1e-4,
    });
  await update();
  const started = performance.now();
  for (let i = 0; i < UPDATES; i++) await update();
  return (performance.now() - started) / 1000 / UPDATES;
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
  await using backend = await recipeInfluence(recipe, config, tensors);
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
