/**
 * What the recipe's own plan (lib/pipeline/plan) says that a launch takes, beside what its jobs may take at most.
 * @module
 */
import { planRecipe } from "../pipeline/plan/plan.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import { DOCUMENTS } from "./parts/documents.ts";
import { EDUCATION } from "./parts/education.ts";
import { REASONING } from "./parts/judgements.ts";

/** Of all of a step, whatever is done of it. */
export interface Expected {
  readonly gpuHours: number;
  /** What stays on disk. */
  readonly storageBytes: number;
}

/** The plan's stages of each step of the data; the judge's reasoning and domain prompts are one there. */
const STAGES: Readonly<Record<string, RegExp>> = {
  [DOCUMENTS]: /^corpus/,
  [EDUCATION]: /^curation: education$/,
  [REASONING]: /^curation: judge$/,
};

const PRETRAINING = /^pretrain-/,
  MIDTRAINING = /^(compression|midtrain)-/,
  MIXTURES = /^(domain-proxies|influence)/;

/** Those of a task, which does what is missing on the way to its own. */
const TASK_STAGES: Readonly<Record<string, readonly RegExp[]>> = {
  loo: [/^leave-one-out/],
  influence: [MIXTURES],
  pretrain: [PRETRAINING],
  torch: [PRETRAINING],
  midtrain: [PRETRAINING, MIDTRAINING],
  sft: [PRETRAINING, MIDTRAINING, /^(sft|reasoning)/],
};

/** What is expected by step, and of the task; nothing of a recipe that names no cluster. */
export async function expectedOf(recipe: Recipe, task: string | undefined): Promise<Map<string, Expected>> {
  const expected = new Map<string, Expected>();
  if (recipe.cluster === null) return expected;
  const { stages, mixturesFromFiles } = await planRecipe(recipe);
  const add = (step: string, patterns: readonly RegExp[]) => {
    const own = stages.filter(({ stage }) => patterns.some((pattern) => pattern.test(stage)));
    if (own.length === 0) return;
    expected.set(step, {
      gpuHours: own.reduce((sum, { gpuHours }) => sum + gpuHours, 0),
      storageBytes: own.reduce((sum, { storageBytes }) => sum + storageBytes, 0),
    });
  };
  for (const [step, pattern] of Object.entries(STAGES)) add(step, [pattern]);
  if (task === undefined) return expected;
  const patterns = TASK_STAGES[task] ?? [];
  add(task, patterns.includes(PRETRAINING) && !mixturesFromFiles ? [MIXTURES, ...patterns] : patterns);
  return expected;
}
