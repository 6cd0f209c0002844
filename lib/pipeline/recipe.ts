/**
 * Recipes: everything that a run can be told, in one JSON file, with `--set key=value` on top.
 *
 * Recipes named after a size have the paper's numbers (arXiv 2509.24945, Table 2 and sections 5 and 6), which are one set for all sizes. Where
 * the paper is silent the value is ours: the schema of that part (lib/pipeline/recipe) says so; the seed, what is held out, probe tokens and samples are ours
 * too.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { assign } from "./recipe/assignments.ts";
import { catalogue } from "./recipe/catalogue.ts";
import { cluster } from "./recipe/cluster.ts";
import { curation } from "./recipe/curation.ts";
import { readRecipeFile } from "./recipe/extension.ts";
import { midtraining } from "./recipe/midtraining.ts";
import { model } from "./recipe/model.ts";
import { positive, share } from "./recipe/numbers.ts";
import { comparison, influence, leaveOneOut, proxy, validation } from "./recipe/proxies.ts";
import { checkpoints, fineTuning, optimizer, pretraining } from "./recipe/training.ts";

const recipeFile = z.strictObject({
  description: z.string(),
  /** The one seed; every stream of random numbers is derived from it by name. */
  seed: z.number().int().nonnegative(),
  /** Names in data/sources, with their folder where they are in one, or files. They need not be on this machine before a run. */
  sources: z.array(z.string()).min(1),
  /** "llama3" or "llama3-SIZE". */
  tokenizer: z.string(),
  /** Share of the documents held out of training, for the probing sets. */
  heldOutShare: z.number().gt(0).lt(1),
  /** Tokens per probing set. */
  probeTokens: positive,
  /** The model that is trained in the end. */
  model,
  backend: z.enum(["wasm", "webgpu", "tfjs"]),
  /**
   * Who trains the model until fine-tuning: own, the backend; torch, PyTorch, by `deno task torch`, from whose stages ("torch-pretrain-1" …)
   * everything else goes on.
   */
  trainer: z.enum(["own", "torch"]),
  cpu: z.strictObject({
    /** Threads; null: one a core. The bits do not depend on it. */
    workers: positive.nullable(),
    /** auto: products by a system BLAS where one is found. */
    blas: z.enum(["off", "auto"]),
  }),
  /** null: it runs on this machine, and `--estimate` measures it. */
  cluster: cluster.nullable(),
  catalogue,
  optimizer,
  checkpoints,
  curation,
  proxy,
  leaveOneOut,
  influence,
  validation,
  comparison,
  pretrain1: pretraining,
  pretrain2: pretraining,
  midtrain: midtraining,
  /** General fine-tuning. */
  sft: fineTuning,
  /** A second stage of fine-tuning, on long reasoning; null: none. */
  reasoning: fineTuning.nullable(),
  samples: z.strictObject({
    /** Continued by the pretrained model. */
    prompts: z.array(z.string()),
    /** Held-out problems put to the fine-tuned model. */
    conversations: z.number().int().nonnegative(),
    tokens: positive,
    temperature: z.number().nonnegative(),
    topP: share,
  }),
  /** What each stage may take on 2 cores; its seconds sum to the run's budget. Empty: it has none. */
  budget: z.array(z.strictObject({ stage: z.string(), tokens: z.number().nullable(), seconds: z.number() })),
});

/** A checked recipe. */
export type Recipe = z.infer<typeof recipeFile>;

/**
 * Reads a recipe by name (data/recipes/NAME.json) or path with what it extends, applies `--set`, checks it.
 *
 * @param assignments "key=value" with dotted keys; values are JSON, or else plain strings.
 * @throws {UsageError} naming the file or key, its value and what was expected.
 */
export async function loadRecipe(nameOrPath: string, assignments: readonly string[]): Promise<Recipe> {
  const { path, value } = await readRecipeFile(nameOrPath);
  for (const assignment of assignments) assign(value, assignment);
  const parsed = recipeFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue?.path.map(String).join(".") || "recipe";
  if (issue?.code === "unrecognized_keys") {
    throw new UsageError(`${path}: ${key} has a setting "${issue.keys[0]}" that there is none of.`);
  }
  const given = issue?.path.reduce<unknown>(
    (at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  throw new UsageError(`${path}: ${key} is ${JSON.stringify(given)}: ${issue?.message}.`);
}
