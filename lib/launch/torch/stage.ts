/**
 * A phase of pretraining by PyTorch: the stage "pretrain-1" or "pretrain-2" of lib/pipeline with the same shards, mixture, order of data,
 * schedule and optimizer, in a directory of its own. What comes back is loaded here, and its loss on a batch compared with PyTorch's.
 * @module
 */
import { join, resolve } from "node:path";
import type { Mixture } from "../../core/mixture.ts";
import { RunError } from "../../core/errors.ts";
import { startProgress } from "../../core/progress.ts";
import { loadModel, saveModel } from "../../model/checkpoint.ts";
import type { ModelConfig } from "../../model/config.ts";
import { initialise } from "../../model/initialise.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../../pipeline/stage.ts";
import { type ShardsResult, trainPath } from "../../pipeline/stages/shards.ts";
import {
  endLosses,
  modelConfig,
  modelPath,
  recipeBackend,
  sharedRecipe,
  type TrainingResult,
} from "../../pipeline/stages/training.ts";
import { runProcess } from "../../pipeline/subprocess.ts";
import { Loader, type LoaderOptions } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { StepMetrics } from "../../train/metrics.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import { torchCommand, TRAINER_CODE, writeTorchJob } from "./job.ts";

/** How far two losses of one model may be apart, in nats a token: PyTorch computes in bfloat16 on GPUs. */
const TOLERANCE = 0.02;

/** What a phase reads. */
export interface TorchInputs {
  readonly shards: FinishedStage<ShardsResult>;
  readonly mixture: Mixture;
  /** The phase before; none: from scratch. */
  readonly previous?: FinishedStage<TrainingResult>;
}

/**
 * A phase on so many processes a node, one a GPU where there are any. Rounding aside, the result does not depend on their number, and an
 * interrupted phase goes on with any.
 */
export function torchStage(
  phase: "pretrain-1" | "pretrain-2",
  recipe: Recipe,
  inputs: TorchInputs,
  processes: number,
): Stage<TrainingResult> {
  const settings = recipe[phase === "pretrain-1" ? "pretrain1" : "pretrain2"];
  const { shards, mixture, previous } = inputs;
  return {
    name: `torch-${phase}`,
    recipe: { ...sharedRecipe(recipe), ...settings, mixture },
    inputs: {
      shards: shards.manifest.digest,
      ...(previous === undefined ? {} : { previous: previous.manifest.digest }),
    },
    code: [new URL(import.meta.url), ...TRAINER_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => trainWithTorch(phase, recipe, settings, inputs, processes, context),
  };
}

async function trainWithTorch(
  stage: string,
  recipe: Recipe,
  settings: Recipe["pretrain1"],
  { shards, mixture, previous }: TorchInputs,
  processes: number,
  { directory, fingerprint, signal }: StageContext,
): Promise<TrainingResult> {
  const config = await modelConfig(recipe);
  const model = resolve(directory, "initial"), job = resolve(directory, "job.json");
  const weights = previous === undefined
    ? initialise(config, recipe.seed)
    : (await loadModel(modelPath(previous))).weights;
  await saveModel(model, config, weights);
  const shardsOf = (source: string) => resolve(trainPath(shards.directory, source));
  await writeTorchJob(job, { stage, recipe, settings, mixture, shards: shardsOf, model, fingerprint });

  const { steps, sequences, length } = settings;
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

  const sources = await Promise.all(mixture.sources.map(({ name }) => openShards(shardsOf(name))));
  const data = { mixture, sources, seed: recipe.seed, stage, length, sequencesPerBatch: sequences, steps };
  const sampling = await verify(recipe, config, directory, data);
  for (const source of sources) source[Symbol.dispose]();
  for (const leftover of ["initial", "checkpoints", "job.json", "verification.json"]) {
    await Deno.remove(join(directory, leftover), { recursive: true });
  }
  const metrics = (await readMetrics(join(directory, METRICS_FILE))) as StepMetrics[]; // There are no others.
  return {
    tokens: steps * sequences * length,
    ...endLosses(metrics.map(({ loss }) => loss)),
    sampling,
    probes: [],
  };
}

/** Loads the model, compares its loss on the first batch with PyTorch's, and writes it in our form. @returns What was drawn. */
async function verify(recipe: Recipe, config: ModelConfig, directory: string, data: LoaderOptions) {
  const path = modelPath({ directory });
  const { weights } = await loadModel(path);
  const { loss: theirs } = JSON.parse(await Deno.readTextFile(join(directory, "verification.json")));
  const loader = new Loader(data);
  await using backend = await recipeBackend(recipe, config);
  const moments = () => new Float32Array(weights.length);
  await backend.importState({ step: 0, weights, firstMoment: moments(), secondMoment: moments() });
  const { negativeLogLikelihood } = await backend.evaluate(loader.batch(0));
  const ours = negativeLogLikelihood.reduce((sum, value) => sum + value, 0) /
    (data.sequencesPerBatch * data.length);
  if (!(Math.abs(ours - theirs) < TOLERANCE)) {
    throw new RunError(
      `${path} has the loss ${ours} on a batch here and ${theirs} in torch: it is not the same model.`,
    );
  }
  await Deno.remove(path, { recursive: true });
  await saveModel(path, config, weights);
  return loader.plan();
}
