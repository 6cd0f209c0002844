/**
 * A stage of training by PyTorch: "pretrain-1" or "midtrain-1" of lib/pipeline with the same shards, mixture, order of data, teacher, schedule
 * and optimizer, in a directory of its own. What comes back is loaded here, and its loss on a batch compared with PyTorch's.
 * @module
 */
import { join, resolve } from "node:path";
import type { TokenBatch } from "../../backends/backend.ts";
import { freshState } from "../../backends/state.ts";
import { RunError } from "../../core/errors.ts";
import { startProgress } from "../../core/progress.ts";
import { loadModel, type Model, saveModel } from "../../model/checkpoint.ts";
import { initialise } from "../../model/initialise.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import type { Stage, StageContext } from "../../pipeline/stage.ts";
import {
  endLosses,
  modelConfig,
  modelPath,
  recipeBackend,
  type TrainingResult,
  type TrainingStage,
  type TrainingWork,
} from "../../pipeline/stages/training.ts";
import { runProcess } from "../../pipeline/subprocess.ts";
import { torchStageName } from "../../pipeline/trainer.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { StepMetrics } from "../../train/metrics.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import { microBatches } from "../../train/micro_batches.ts";
import { meanNegativeLogLikelihood } from "../../train/probe.ts";
import { torchCommand, TRAINER_CODE, writeTorchJob } from "./job.ts";
import { torchTeacher } from "./teacher.ts";

/** How far two losses of one model may be apart, in nats a token: PyTorch computes in bfloat16 on GPUs. */
const TOLERANCE = 0.02;

/**
 * Our stage on so many processes a node, one a GPU where there are any. Rounding aside, the result does not depend on their number, and
 * an interrupted one goes on with any.
 */
export function torchStage(own: TrainingStage, recipe: Recipe, processes: number): Stage<TrainingResult> {
  return {
    name: torchStageName(own.name),
    // What lib/pipeline/trainer.ts finds it by.
    recipe: own.recipe,
    inputs: own.inputs,
    code: [new URL(import.meta.url), ...TRAINER_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => trainWithTorch(own, recipe, processes, context),
  };
}

async function trainWithTorch(
  { name: stage, work }: TrainingStage,
  recipe: Recipe,
  processes: number,
  { directory, fingerprint, signal }: StageContext,
): Promise<TrainingResult> {
  const { settings, mixture } = work;
  const { steps, sequences, length } = settings;
  const shards = (source: string) => resolve(work.shards(source));
  const sources = await Promise.all(mixture.sources.map(({ name }) => openShards(shards(name))));
  const data = new Loader({
    ...{ mixture, sources, seed: recipe.seed, stage, length, sequencesPerBatch: sequences, steps },
  });
  const start = await startingModel(recipe, work);
  const teacher = await torchTeacher(work.teacher, data, start.config.vocabularySize);
  const model = resolve(directory, "initial"), job = resolve(directory, "job.json");
  await saveModel(model, start.config, start.weights);
  await writeTorchJob(job, { stage, recipe, settings, mixture, shards, model, teacher, fingerprint });

  const progress = startProgress(`torch ${stage}`, steps * sequences * length, "tokens");
  const [program, ...args] = torchCommand(job, resolve(directory), processes);
  const done = await runProcess(program, args, {
    signal,
    onLine: (line) => {
      if (!line.startsWith('{"kind": "step"')) return;
      const { tokens, loss }: StepMetrics = JSON.parse(line);
      progress.update(tokens, `loss ${loss.toFixed(3)}`);
    },
  }).finally(() => progress.finish());
  if (done === null) throw new RunError(`${program} is missing, which training by torch needs.`);
  if (done.code !== 0) {
    throw new RunError(
      `torch ended with ${done.code}: ${done.output.trim().split("\n").slice(-8).join(" | ")}`,
    );
  }

  await verify(recipe, directory, microBatches(data.batch(0), settings.sequencesAtOnce));
  for (const source of sources) source[Symbol.dispose]();
  for (const leftover of ["initial", "checkpoints", "job.json", "verification.json"]) {
    await Deno.remove(join(directory, leftover), { recursive: true });
  }
  const metrics = (await readMetrics(join(directory, METRICS_FILE))) as StepMetrics[]; // There are no others.
  return {
    tokens: steps * sequences * length,
    ...endLosses(metrics.map(({ loss }) => loss)),
    sampling: data.plan(),
    probes: [],
  };
}

/** The model of the stage before, or a fresh one. */
async function startingModel(recipe: Recipe, { start }: TrainingWork): Promise<Model> {
  if (start !== undefined) return await loadModel(modelPath(start));
  const config = await modelConfig(recipe);
  return { config, weights: initialise(config, recipe.seed) };
}

/** Loads the model, compares its loss on the first batch, here in parts, with PyTorch's, and writes it in our form. */
async function verify(recipe: Recipe, directory: string, batch: readonly TokenBatch[]): Promise<void> {
  const path = modelPath({ directory });
  const { config, weights } = await loadModel(path);
  const { loss: theirs } = JSON.parse(await Deno.readTextFile(join(directory, "verification.json")));
  await using backend = await recipeBackend(recipe, config);
  await backend.importState(freshState(weights));
  const ours = await meanNegativeLogLikelihood(backend, batch);
  if (!(Math.abs(ours - theirs) < TOLERANCE)) {
    throw new RunError(
      `${path} has the loss ${ours} on a batch here and ${theirs} in torch: it is not the same model.`,
    );
  }
  await Deno.remove(path, { recursive: true });
  await saveModel(path, config, weights);
}
