/**
 * The paper's ablations of post-training (Tables 8 and 9) as settings on top of any recipe: which data, in one stage or two.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";

/** The two stages as the paper trains them, with their sources. */
const stage = z.looseObject({ sources: z.array(z.string()), epochs: z.number() });

const sources = z.array(z.string()).min(1);

const ablation = z.strictObject({
  name: z.string(),
  /** Number of the paper's table. */
  table: z.number(),
  /** Sources of the general stage; null: none. */
  general: sources.nullable(),
  /** Sources of the stage with the reasoning stage's settings. */
  reasoning: sources,
  /** Epochs of that stage. */
  epochs: z.number(),
});

const file = z.strictObject({
  source: z.string(),
  notes: z.string(),
  general: stage,
  reasoning: stage,
  ablations: z.array(ablation),
});

/** One ablation: its data by stage. */
export type Ablation = z.infer<typeof ablation>;

const FILE = new URL("../../data/ablations/post-training.json", import.meta.url);

async function readFile() {
  return file.parse(JSON.parse(await Deno.readTextFile(FILE)));
}

/** All of them, in the order of the tables. */
export async function listAblations(): Promise<readonly Ablation[]> {
  return (await readFile()).ablations;
}

/**
 * An ablation as `--set` values, for `loadRecipe`: both stages of fine-tuning.
 *
 * @throws {UsageError} for an unknown name, listing the known ones.
 *
 * @example
 * ```ts
 * import { ablationSettings } from "./ablations.ts";
 * import { loadRecipe } from "./recipe.ts";
 * import assert from "node:assert/strict";
 * const { sft, reasoning } = await loadRecipe("demo", await ablationSettings("math-code"));
 * assert.deepEqual(sft.sources, ["tulu-3"]);
 * assert.deepEqual(reasoning?.sources, ["open-math-reasoning", "open-code-reasoning-2"]);
 * ```
 */
export async function ablationSettings(name: string): Promise<string[]> {
  const { general, reasoning, ablations } = await readFile();
  const found = ablations.find((ablation) => ablation.name === name);
  if (found === undefined) {
    throw new UsageError(
      `Ablation "${name}" is unknown, expected one of ${ablations.map(({ name }) => name).join(", ")}.`,
    );
  }
  const last = { ...reasoning, sources: found.reasoning, epochs: found.epochs };
  const stages = found.general === null
    ? { sft: last, reasoning: null }
    : { sft: { ...general, sources: found.general }, reasoning: last };
  return Object.entries(stages).map(([key, settings]) => `${key}=${JSON.stringify(settings)}`);
}
