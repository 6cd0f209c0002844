/**
 * Recipes: everything that a run can be told, in one JSON file, with `--set key=value` on top.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { readNamedJson } from "../core/named_file.ts";

const positive = z.number().int().positive();

const optimization = {
  /** Sequences per update. */
  sequences: positive,
  /** Tokens per sequence. */
  length: positive,
  learningRate: z.number().positive(),
  decay: z.enum(["linear", "cosine"]),
  /** Share of the peak learning rate that the last update approaches. */
  floor: z.number().min(0).max(1),
  weightDecay: z.number().nonnegative(),
  /** Updates between scores of the probing sets. */
  probeEvery: positive,
  /** Updates between checkpoints. */
  checkpointEvery: positive,
};

const pretraining = z.strictObject({
  ...optimization,
  /** Name of a file in data/mixtures, or a path. */
  mixture: z.string(),
  steps: positive,
  /** Updates of linear warm-up. */
  warmupSteps: z.number().int().nonnegative(),
});

const fineTuning = z.strictObject({
  ...optimization,
  /** Source of conversations in data/sources. */
  source: z.string(),
  epochs: positive,
  /** Share of all updates that warm up. */
  warmupRatio: z.number().min(0).max(1),
});

const recipeFile = z.strictObject({
  description: z.string(),
  /** The one seed; every stream of random numbers is derived from it by name. */
  seed: z.number().int().nonnegative(),
  sources: z.array(z.string()).min(1),
  /** "llama3" or "llama3-SIZE". */
  tokenizer: z.string(),
  /** Share of the documents held out of training, for the probing sets. */
  heldOutShare: z.number().gt(0).lt(1),
  /** Tokens per probing set. */
  probeTokens: positive,
  /** Proxy shape; what is not said here is as in the family. */
  model: z.strictObject({
    width: positive,
    layers: positive,
    heads: positive,
    keyValueHeads: positive,
    headSize: positive,
    feedForwardWidth: positive,
    ropeTheta: z.number().positive(),
    initializerRange: z.number().positive(),
  }),
  backend: z.enum(["wasm", "webgpu", "tfjs"]),
  cpu: z.strictObject({
    /** Threads; null: one a core. The bits do not depend on it. */
    workers: positive.nullable(),
    /** auto: products by a system BLAS where one is found. */
    blas: z.enum(["off", "auto"]),
  }),
  /** AdamW and clipping, the same in every stage. */
  optimizer: z.strictObject({
    beta1: z.number(),
    beta2: z.number(),
    epsilon: z.number().positive(),
    maxGradientNorm: z.number().positive(),
  }),
  pretrain1: pretraining,
  pretrain2: pretraining,
  sft: fineTuning,
  samples: z.strictObject({
    /** Continued by the pretrained model. */
    prompts: z.array(z.string()),
    /** Held-out problems put to the fine-tuned model. */
    conversations: z.number().int().nonnegative(),
    tokens: positive,
    temperature: z.number().nonnegative(),
    topP: z.number().gt(0).max(1),
  }),
  /** What each stage may take on 2 cores; its seconds sum to the run's budget. */
  budget: z.array(z.strictObject({ stage: z.string(), tokens: z.number().nullable(), seconds: z.number() })),
});

/** A checked recipe. */
export type Recipe = z.infer<typeof recipeFile>;

/** Folder of the recipes that come with the project. */
const RECIPES = new URL("../../data/recipes/", import.meta.url);

function setValue(recipe: Record<string, unknown>, assignment: string): void {
  const equals = assignment.indexOf("=");
  if (equals < 1) throw new UsageError(`--set ${assignment}: expected key=value.`);
  const keys = assignment.slice(0, equals).split("."), text = assignment.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain string.
  }
  let target = recipe;
  for (const [depth, key] of keys.entries()) {
    if (!Object.hasOwn(target, key)) {
      throw new UsageError(
        `--set ${assignment}: the recipe has no "${keys.slice(0, depth + 1).join(".")}", expected one of ${
          Object.keys(target).join(", ")
        }.`,
      );
    }
    if (depth === keys.length - 1) target[key] = value;
    else {
      const next = target[key];
      if (next === null || typeof next !== "object") {
        throw new UsageError(`--set ${assignment}: "${keys.slice(0, depth + 1).join(".")}" has no keys.`);
      }
      target = next as Record<string, unknown>;
    }
  }
}

/**
 * Reads a recipe by name (data/recipes/NAME.json) or path, applies `--set`, checks it.
 *
 * @param assignments "key=value" with dotted keys; values are JSON, or else plain strings.
 * @throws {UsageError} naming the file or key, its value and what was expected.
 */
export async function loadRecipe(nameOrPath: string, assignments: readonly string[]): Promise<Recipe> {
  const { path, value } = await readNamedJson("recipe", nameOrPath, RECIPES);
  if (value === null || typeof value !== "object") throw new UsageError(`${path} is no JSON object.`);
  for (const assignment of assignments) setValue(value as Record<string, unknown>, assignment);
  const parsed = recipeFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.path.map(String).join(".") ?? "";
    const given = issue?.path.reduce<unknown>(
      (at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step],
      value,
    );
    throw new UsageError(`${path}: ${key || "recipe"} is ${JSON.stringify(given)}: ${issue?.message}.`);
  }
  return parsed.data;
}
