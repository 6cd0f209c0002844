/**
 * Stages "midtrain-1", "midtrain-2" …: the current model goes on on what compression kept, towards a teacher where the recipe has one;
 * and "midtrain-1-original" …: the same on the whole pool, to compare (the paper's Eq 8, Fig 9).
 * @module
 */
import { join } from "node:path";
import { exists } from "../../core/artefacts.ts";
import type { Mixture } from "../../core/mixture.ts";
import { loadModel } from "../../model/checkpoint.ts";
import type { BatchSource } from "../../shards/batch.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { openTeacher } from "../../train/distillation/open_teacher.ts";
import { learnFrom, type TeacherModel } from "../../train/distillation/teacher.ts";
import { TEACHER_CACHE_FILE } from "../../train/distillation/teacher_cache.ts";
import { isServer, teacherIdentity } from "../../train/distillation/teacher_identity.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import { type ShardsResult, trainPath } from "./shards.ts";
import {
  modelPath,
  openProbes,
  runTraining,
  sharedRecipe,
  type TrainingResult,
  type TrainingStage,
} from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** What a stage of mid-training reads. */
export interface MidtrainingInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  /** With the held-out text. */
  readonly shards: FinishedStage<ShardsResult>;
  /** Stages whose shards the mixture's sources are in; a source is taken from the first that has it. */
  readonly data: readonly { readonly stage: FinishedStage<unknown>; readonly sources: readonly string[] }[];
  readonly mixture: Mixture;
  /** θ_t. */
  readonly model: FinishedStage<TrainingResult>;
}

/** The stage of a name. */
export async function midtrainingStage(
  name: string,
  recipe: Recipe,
  inputs: MidtrainingInputs,
): Promise<TrainingStage> {
  const {
    steps,
    warmupSteps,
    sequences,
    length,
    learningRate,
    decay,
    floor,
    weightDecay,
    probeEvery,
    teacher,
  } = recipe.midtrain;
  const { mixture, shards, data, model } = inputs;
  const { model: served, cache } = teacher;
  const address = teacher.address === null ? null : await teacherOfStage(teacher.address, name);
  return {
    name,
    recipe: {
      ...sharedRecipe(recipe),
      ...{
        steps,
        warmupSteps,
        sequences,
        length,
        learningRate,
        decay,
        floor,
        weightDecay,
        probeEvery,
        mixture,
      },
      // Where logits are kept does not matter; that they are rounded for it does.
      teacher: { ...teacher, cache: cache !== null },
    },
    inputs: {
      shards: shards.manifest.digest,
      model: model.manifest.digest,
      ...Object.fromEntries(data.map(({ stage: { manifest } }) => [manifest.stage, manifest.digest])),
      ...(address !== null && { teacher: await teacherIdentity(address, served) }),
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => midtrain(name, recipe, inputs, context),
    work: {
      ...{ settings: recipe.midtrain, mixture, shards: (source) => shardsOf(data, source), start: model },
      teacher: { ...teacher, address },
    },
  };
}

async function midtrain(
  name: string,
  recipe: Recipe,
  { corpus, shards, data: stages, mixture, model }: MidtrainingInputs,
  context: StageContext,
): Promise<TrainingResult> {
  const { seed, midtrain: settings } = recipe;
  const { steps, sequences, length, warmupSteps, teacher: { temperature, direction, crossEntropyShare } } =
    settings;
  const sources = await Promise.all(
    mixture.sources.map(({ name: source }) => openShards(shardsOf(stages, source))),
  );
  const data = new Loader({
    ...{ mixture, sources, seed, stage: name, length, sequencesPerBatch: sequences, steps },
  });
  const { config, weights } = await loadModel(modelPath(model));
  await using teacher = await openRecipeTeacher(name, recipe, data);
  // What refuses to teach does so before anything is written.
  if (!await exists(join(context.directory, METRICS_FILE))) {
    await teacher?.logits(data.batch(0), 0, context.signal);
  }
  return await runTraining(recipe, {
    stage: name,
    config,
    data,
    ...(teacher && { prepare: learnFrom(teacher, { temperature, direction, crossEntropyShare }) }),
    sampling: data.plan(),
    initialWeights: weights,
    totalSteps: steps,
    warmupSteps,
    settings,
    probes: await openProbes(recipe, corpus, shards, length),
  }, context);
}

/** Where a source's shards are. */
function shardsOf(stages: MidtrainingInputs["data"], source: string): string {
  const holder = stages.find(({ sources }) => sources.includes(source));
  if (holder === undefined) throw new RangeError(`No stage has the shards of "${source}".`);
  return trainPath(holder.stage.directory, source);
}

/** The cache of a stage in a folder of such caches; any other address as it is. */
async function teacherOfStage(address: string, stage: string): Promise<string> {
  const own = join(address, stage);
  return !isServer(address) && await exists(join(own, TEACHER_CACHE_FILE)) ? own : address;
}

/** The recipe's teacher; undefined where it has none. */
async function openRecipeTeacher(
  stage: string,
  { backend, cpu: { workers, blas }, tokenizer, midtrain: { teacher } }: Recipe,
  data: BatchSource,
): Promise<TeacherModel | undefined> {
  const { address, model, topK, cache } = teacher;
  if (address === null) return undefined;
  return await openTeacher(await teacherOfStage(address, stage), {
    backend,
    blas,
    ...(workers !== null && { workers }),
    tokenizer: await openTokenizer(tokenizer),
    model,
    topK,
    data,
    cacheDirectory: cache === null ? null : join(cache, stage),
  });
}
