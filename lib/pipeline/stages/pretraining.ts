/**
 * Stages "pretrain-1" and "pretrain-2": next-token prediction on a mixture of the shards.
 *
 * The paper trains two phases with different mixtures and does not say whether the second one restarts the schedule; its
 * table gives peak rate and steps for each, so here each phase warms up anew, with fresh moments, from the weights
 * of the one before.
 * @module
 */
import { initialise } from "../../model/initialise.ts";
import { loadModel } from "../../model/checkpoint.ts";
import type { Mixture } from "../../core/mixture.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import { type ShardsResult, trainPath } from "./shards.ts";
import {
  modelConfig,
  modelPath,
  openProbes,
  runTraining,
  sharedRecipe,
  type TrainingResult,
  type TrainingStage,
} from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** What a pretraining phase reads. */
export interface PretrainingInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly shards: FinishedStage<ShardsResult>;
  readonly mixture: Mixture;
  /** The phase before; none: from scratch. */
  readonly previous?: FinishedStage<TrainingResult>;
}

/** A phase with its settings and mixture. */
export function pretrainingStage(
  name: string,
  recipe: Recipe,
  settings: Recipe["pretrain1"],
  inputs: PretrainingInputs,
): TrainingStage {
  const { mixture, shards, previous } = inputs;
  return {
    name,
    recipe: { ...sharedRecipe(recipe), ...settings, mixture },
    inputs: {
      shards: shards.manifest.digest,
      ...(previous === undefined ? {} : { previous: previous.manifest.digest }),
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => pretrain(name, recipe, settings, inputs, context),
    work: {
      ...{ settings, mixture, shards: (source) => trainPath(shards.directory, source) },
      ...(previous && { start: previous }),
    },
  };
}

async function pretrain(
  stage: string,
  recipe: Recipe,
  settings: Recipe["pretrain1"],
  { corpus, shards, mixture, previous }: PretrainingInputs,
  context: StageContext,
): Promise<TrainingResult> {
  const { steps, sequences, length, warmupSteps } = settings;
  const sources = await Promise.all(
    mixture.sources.map(({ name }) => openShards(trainPath(shards.directory, name))),
  );
  const { seed } = recipe;
  const data = new Loader({ mixture, sources, seed, stage, length, sequencesPerBatch: sequences, steps });
  const config = await modelConfig(recipe);
  return await runTraining(recipe, {
    stage,
    config,
    data,
    sampling: data.plan(),
    initialWeights: previous === undefined
      ? initialise(config, recipe.seed)
      : (await loadModel(modelPath(previous))).weights,
    totalSteps: steps,
    warmupSteps,
    settings,
    probes: await openProbes(recipe, corpus, shards, length),
  }, context);
}
