/**
 * What the training stages share: opening the backend, the probing sets, the loop, the model they end with.
 * @module
 */
import { join } from "node:path";
import type { TrainBackend } from "../../backends/backend.ts";
import type { InfluenceBackend, InfluenceTensors } from "../../backends/influence.ts";
import { openBackend, openInfluence } from "../../backends/open.ts";
import type { Mixture } from "../../core/mixture.ts";
import { CAPABILITIES } from "../../curation/probing.ts";
import { MODEL_SIZES, type ModelConfig } from "../../model/config.ts";
import { saveModel } from "../../model/checkpoint.ts";
import type { Batch, BatchSource } from "../../shards/batch.ts";
import { openShards } from "../../shards/reader.ts";
import { probeBatches } from "../../shards/probe.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { type CheckpointPolicy, tidyCheckpoints } from "../../train/checkpoint.ts";
import { CHECKPOINTS_FOLDER, METRICS_FILE, train, type TrainingRun } from "../../train/loop.ts";
import type { Metrics, ProbeMetrics, StepMetrics } from "../../train/metrics.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { Probe } from "../../train/probe.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { probePath, type ShardsResult } from "./shards.ts";
import type { CorpusResult } from "./corpus.ts";

/** Sequences scored at once. */
const PROBE_SEQUENCES = 8;

/** Share of a stage's updates over which its first and its last loss are averaged. */
const LOSS_WINDOW = 0.05;

/** How often a source was seen in a stage. */
export interface Sampling {
  readonly source: string;
  readonly sequences: number;
  readonly tokens: number;
  readonly epochs: number;
}

/** How a stage changed what the model knows of one held-out set: mean losses in nats per token. */
export interface ProbeChange {
  readonly probe: string;
  readonly before: number;
  readonly after: number;
}

/** A training stage's result. */
export interface TrainingResult {
  /** Tokens trained on. */
  readonly tokens: number;
  /** Mean loss over the first twentieth of the updates, nats per token. */
  readonly lossFirst: number;
  /** Over the last twentieth. */
  readonly lossLast: number;
  readonly sampling: readonly Sampling[];
  readonly probes: readonly ProbeChange[];
}

/** A stage of training on shards under a mixture, and what another trainer needs to do the same. */
export interface TrainingStage extends Stage<TrainingResult> {
  readonly work: TrainingWork;
}

/** What is trained on what. */
export interface TrainingWork {
  readonly settings: Omit<Recipe["pretrain1"], "mixture">;
  readonly mixture: Mixture;
  /** Directory of a source's token shards. */
  readonly shards: (source: string) => string;
  /** Whose model it starts from; absent: from scratch. */
  readonly start?: FinishedStage<TrainingResult>;
  /** Absent: none. */
  readonly teacher?: Recipe["midtrain"]["teacher"];
}

/** The recipe's model with its tokenizer's vocabulary. */
export async function modelConfig({ model, tokenizer }: Recipe): Promise<ModelConfig> {
  const { vocabularySize } = await openTokenizer(tokenizer);
  return { ...MODEL_SIZES["140m"], ...model, vocabularySize };
}

/** Settings that every training stage's bits depend on; the number of workers is none of them. */
export function sharedRecipe({ seed, tokenizer, model, backend, cpu, optimizer, probeTokens }: Recipe) {
  return { seed, tokenizer, model, backend, blas: cpu.blas, optimizer, probeTokens };
}

/** The model that a finished stage made. */
export function modelPath(stage: { directory: string }): string {
  return join(stage.directory, "model");
}

/** Held-out text of a capability, whole windows. */
export interface HeldOutProbe extends Probe {
  readonly batches: readonly Batch[];
}

/** Held-out text as it comes, beside the curated probing sets: equal parts of every source of a capability, as fixed batches. */
export async function openProbes(
  { probeTokens }: Recipe,
  corpus: FinishedStage<CorpusResult>,
  shards: FinishedStage<ShardsResult>,
  length: number,
): Promise<HeldOutProbe[]> {
  const probes: HeldOutProbe[] = [];
  for (const name of CAPABILITIES) {
    const sources = corpus.manifest.result.sources.filter(({ domain }) => domain === name);
    const batches: Batch[] = [];
    for (const source of sources) {
      using held = await openShards(probePath(shards.directory, source.name));
      batches.push(
        ...probeBatches(held, {
          length,
          maxTokens: Math.ceil(probeTokens / sources.length),
          sequencesPerBatch: PROBE_SEQUENCES,
        }),
      );
    }
    if (batches.length > 0) probes.push({ name, batches });
  }
  return probes;
}

/** Opens the recipe's backend for a model. */
export function recipeBackend(recipe: Recipe, config: ModelConfig): Promise<TrainBackend> {
  return openBackend(recipe.backend, config, { blas: recipe.cpu.blas, ...recipeWorkers(recipe) });
}

/** The same for influence. */
export function recipeInfluence(
  recipe: Recipe,
  config: ModelConfig,
  tensors: InfluenceTensors,
): Promise<InfluenceBackend> {
  return openInfluence(recipe.backend, config, tensors, recipeWorkers(recipe));
}

/** The recipe's threads; none: one a core. */
export function recipeWorkers({ cpu: { workers } }: Recipe): { readonly workers?: number } {
  return workers === null ? {} : { workers };
}

/** The mean of the losses of a stage's first and last updates. */
export function endLosses(losses: readonly number[]): { lossFirst: number; lossLast: number } {
  const window = Math.max(1, Math.round(losses.length * LOSS_WINDOW));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { lossFirst: mean(losses.slice(0, window)), lossLast: mean(losses.slice(-window)) };
}

/** What differs between training stages. */
export interface TrainingPart {
  readonly stage: string;
  readonly config: ModelConfig;
  readonly data: BatchSource;
  /** As in `TrainingRun`. */
  readonly prepare?: TrainingRun["prepare"];
  readonly sampling: readonly Sampling[];
  readonly initialWeights: Float32Array;
  readonly totalSteps: number;
  readonly warmupSteps: number;
  readonly settings: Pick<
    Recipe["sft"],
    "sequencesAtOnce" | "learningRate" | "decay" | "floor" | "weightDecay" | "probeEvery" | "checkpointEvery"
  >;
  readonly probes: readonly Probe[];
}

/** Trains, saves the model, tidies the checkpoints away. */
export async function runTraining(
  recipe: Recipe,
  part: TrainingPart,
  context: StageContext,
): Promise<TrainingResult> {
  const { stage, config, settings } = part;
  await using backend = await recipeBackend(recipe, config);
  console.error(`${stage}: ${backend.description}`);
  const { newest, everyNth } = recipe.checkpoints;
  const checkpoints: CheckpointPolicy = {
    newest,
    multiplesOf: everyNth === null ? null : everyNth * settings.checkpointEvery,
  };
  await train({
    stage,
    backend,
    data: part.data,
    ...(part.prepare && { prepare: part.prepare }),
    sequencesAtOnce: settings.sequencesAtOnce,
    schedule: {
      peak: settings.learningRate,
      warmupSteps: part.warmupSteps,
      totalSteps: part.totalSteps,
      decay: settings.decay,
      floor: settings.floor,
    },
    optimizer: { ...recipe.optimizer, weightDecay: settings.weightDecay, decayedKinds: ["linear"] },
    probes: part.probes,
    probeEvery: settings.probeEvery,
    initialWeights: part.initialWeights,
    directory: context.directory,
    checkpointEvery: settings.checkpointEvery,
    checkpoints,
    fingerprint: context.fingerprint,
    signal: context.signal,
  });
  const { weights } = await backend.exportState();
  await saveModel(modelPath(context), config, weights);
  await tidyCheckpoints(join(context.directory, CHECKPOINTS_FOLDER), checkpoints);
  const metrics = await readMetrics(join(context.directory, METRICS_FILE));
  const steps = metrics.filter((entry): entry is StepMetrics => entry.kind === "step");
  return {
    tokens: steps.at(-1)?.tokens ?? 0,
    ...endLosses(steps.map(({ loss }) => loss)),
    sampling: part.sampling,
    probes: probeChanges(metrics),
  };
}

/** Each probe's first and last loss. */
export function probeChanges(metrics: readonly Metrics[]): ProbeChange[] {
  const probes = metrics.filter((entry): entry is ProbeMetrics => entry.kind === "probe");
  return [...Map.groupBy(probes, ({ probe }) => probe)].map(([probe, own]) => {
    const losses = own.map(({ negativeLogLikelihood }) => negativeLogLikelihood);
    return { probe, before: losses[0] as number, after: losses.at(-1) as number }; // A group has a member.
  });
}
