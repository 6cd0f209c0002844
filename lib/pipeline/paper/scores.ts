/**
 * What `deno task eval` measured of a run's models.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../../core/artefacts.ts";
import type { TaskScores } from "../../eval/results.ts";
import type { ModelScores, Part } from "../../figures/paper/paper_run.ts";
import { loadConfig } from "../../model/checkpoint.ts";
import { parameterCount } from "../../model/config.ts";
import type { TrainingResult } from "../stages/training.ts";
import { findManifest, type Made, madePart, readJson, writtenAt } from "./found.ts";

/** The model before and after fine-tuning: its stage, the last that is there; and how the paper asks it. */
const MODELS = {
  base: {
    stages: ["midtrain-2", "midtrain-1", "pretrain-2"],
    asked: "--tasks math500,gsm8k,mbpp,humaneval,commonsense,mmlu --mode completion",
  },
  final: {
    stages: ["reasoning", "sft"],
    asked: "--tasks math500,gsm8k,aime24,aime25,livecodebench_v6 --mode chat",
  },
} as const;

/** results.json: values of each task by "METRIC,FILTER", among texts and intervals. */
const resultsFile = z.looseObject({ results: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Scores in `eval/base` or `eval/final` of a run's folder. @throws {UsageError} where results.json is damaged. */
export async function readScores(
  run: string,
  root: string,
  which: keyof typeof MODELS,
): Promise<Part<ModelScores>> {
  const { stages, asked } = MODELS[which];
  const stage = await lastStage(root, stages);
  const command =
    `deno task eval --model runs/${run}/${stage}/model ${asked} --data DIR --out runs/${run}/eval/${which}`;
  const found = await findEvaluation(root, which);
  if (found === undefined) return { command, made: null };
  return madePart(command, {
    parameters: await parametersOf(root, stage),
    tokens: await pretrainingTokens(root),
    scores: found.scores,
  }, found);
}

/** What `eval/NAME` of a run's folder holds; undefined: nothing. @throws {UsageError} where results.json is damaged. */
export async function findEvaluation(
  root: string,
  name: string,
): Promise<Made & { readonly scores: readonly TaskScores[] } | undefined> {
  const path = join(root, "eval", name, "results.json");
  if (!await exists(path)) return undefined;
  const { results } = await readJson(path, resultsFile);
  const scores = Object.entries(results).map(([task, values]) => taskScores(task, values));
  return { ...await writtenAt(path), scores };
}

/** Of the model that a stage left; null: it is not there. */
export async function parametersOf(root: string, stage: string): Promise<number | null> {
  const config = join(root, stage, "model", "config.json");
  return await exists(config) ? parameterCount(await loadConfig(config)) : null;
}

/** The last of a model's stages that is there. */
async function lastStage(root: string, stages: readonly string[]): Promise<string> {
  for (const stage of stages) if (await exists(join(root, stage, "model"))) return stage;
  return stages.at(-1) ?? ""; // There is at least one; its model is still to be made.
}

async function pretrainingTokens(root: string): Promise<number | null> {
  const phases = [
    await findManifest<TrainingResult>(root, "pretrain-1"),
    await findManifest<TrainingResult>(root, "pretrain-2"),
  ].filter((phase) => phase !== undefined);
  return phases.length === 0 ? null : phases.reduce((sum, { result }) => sum + result.tokens, 0);
}

function taskScores(task: string, values: Readonly<Record<string, unknown>>): TaskScores {
  const scores = Object.entries(values).flatMap(([key, value]) => {
    const metric = /^(\S+),none$/.exec(key)?.[1];
    if (metric === undefined || typeof value !== "number" || metric.endsWith("_stderr")) return [];
    return [{ metric, value, standardError: null, low: null, high: null }];
  });
  return { task, questions: 0, scores };
}
