/**
 * Recipes: everything that a run can be told, in one JSON file, with `--set key=value` on top.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { readNamedJson } from "../core/named_file.ts";

const positive = z.number().int().positive();

/** What of a model a recipe says; the rest is as in the family. */
const shape = z.strictObject({
  width: positive,
  layers: positive,
  heads: positive,
  keyValueHeads: positive,
  headSize: positive,
  feedForwardWidth: positive,
  ropeTheta: z.number().positive(),
  initializerRange: z.number().positive(),
});

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
  /** Name of a file in data/mixtures, a path, or "influence": what stage "influence" finds. */
  mixture: z.string(),
  steps: positive,
  /** Updates of linear warm-up. */
  warmupSteps: z.number().int().nonnegative(),
});

const fineTuning = z.strictObject({
  ...optimization,
  /** Sources of conversations: names in data/sources or data/sources/conversations, or files. */
  sources: z.array(z.string()).min(1),
  epochs: positive,
  /** Share of all updates that warm up. */
  warmupRatio: z.number().min(0).max(1),
  /** "llama3", or the path of a chat_template.jinja. */
  template: z.string(),
  /** best fit: many conversations in a sequence. none: one in each. */
  packing: z.enum(["best fit", "none"]),
  /** What happens to conversations longer than a sequence; cut: they lose their end. */
  longer: z.enum(["cut", "leave out"]),
  /** RoPE's base becomes so many times what it was, for a longer context. */
  ropeThetaFactor: z.number().positive(),
});

/** Hierarchical rejection sampling: lib/curation. */
const curation = z.strictObject({
  /** Directory of FineWeb-Edu's classifier; null: one is trained on the sources' domains. */
  education: z.string().nullable(),
  judge: z.strictObject({
    /** An OpenAI-compatible server or a model directory; null: a small judge is trained on the sources' domains. */
    address: z.string().nullable(),
    /** The server's model. */
    model: z.string().nullable(),
    /** Tokenizer of a model directory. */
    tokenizer: z.string(),
    /** How the model of a directory is asked. */
    format: z.enum(["chat", "plain"]),
    /** Updates of the judge that is trained. */
    steps: positive,
  }),
  /** JSONL files whose items no representative may contain, by the benchmark's name. */
  benchmarks: z.record(z.string(), z.string()),
  /** Probing lists in data/curation, or a path; null: by the sources' domains. */
  lists: z.string().nullable(),
  /** The education score has to be above. */
  educationAbove: z.number(),
  /** Share of a source that is kept where none of it is above. */
  educationFallback: z.number().gt(0).max(1),
  /** Documents of a source that Ask-LLM sees at most, a random sample; null: all. */
  judgedPerSource: positive.nullable(),
  /** Share that each use of Ask-LLM keeps. */
  topShare: z.number().gt(0).max(1),
  /** Most representatives of a source. */
  documentsPerSource: positive,
  /** Least cosine of semantic duplicates. */
  semanticThreshold: z.number().gt(0).max(1),
  /** Probes are candidates too, as in the paper, and trained on; otherwise disjoint halves, the probing one held out of all training. */
  overlap: z.boolean(),
});

/** Proxies: what leave-one-out, influence and comparisons train. The number of updates is theirs. */
const proxy = z.strictObject({
  model: shape,
  sequences: positive,
  length: positive,
  learningRate: z.number().positive(),
  /** Share of all updates that warm up. */
  warmupRatio: z.number().min(0).max(1),
  decay: z.enum(["linear", "cosine"]),
  floor: z.number().min(0).max(1),
  weightDecay: z.number().nonnegative(),
  checkpointEvery: positive,
});

const leaveOneOut = z.strictObject({
  /** Updates of each proxy. */
  steps: positive,
  /** Proxies of each data set, from different initial weights on a different order of data. */
  seeds: positive,
  /** How often the probing sets are scored along training. */
  probePoints: positive,
});

const influence = z.strictObject({
  /** Updates of each domain proxy. */
  steps: positive,
  /** T: evenly spaced checkpoints of each. */
  checkpoints: positive,
  /** Which parameters have gradients here. */
  tensors: z.enum(["all", "embedding and head"]),
  /** Tokens of a document that count; what goes beyond is cut off. */
  length: positive,
  /** Documents at once. */
  sequences: positive,
  /** Least weight of a source. */
  floor: z.number().min(0).max(1),
});

/** Whether influence predicts what retraining finds: lib/mixture/validation. */
const validation = z.strictObject({
  /** Updates of each proxy. */
  steps: positive,
  /** Proxies on each selection of candidates. */
  seeds: z.number().int().min(2),
  /** Random halves of the candidates. */
  subsets: z.number().int().min(3),
  /** Checkpoints at which candidates are scored. */
  checkpoints: positive,
  /** Share of the candidates that is dropped. */
  dropShare: z.number().gt(0).lt(1),
  /** Probe documents that share the passes over the candidates: one vector of the model's size each. */
  probesPerPass: positive,
  candidatesPerSource: positive,
  probesPerCapability: positive,
});

/**
 * Mid-training: stages of scoring the pool, keeping what helps and training on it (lib/mixture/compression.ts), towards a teacher or
 * not (lib/train/distillation). The paper says 50,000 updates of 512 sequences of 4096 tokens in each of two stages, a peak of 3.6e-4 falling linearly
 * to 0, and neither warm-up nor weight decay.
 */
const midtraining = z.strictObject({
  ...optimization,
  /** Updates of each stage. */
  steps: positive,
  /** Updates of linear warm-up of each stage. */
  warmupSteps: z.number().int().nonnegative(),
  teacher: z.strictObject({
    /** A model directory, an OpenAI-compatible server, or what `cache` kept of one; null: no teacher, cross-entropy alone. */
    address: z.string().nullable(),
    /** The server's model. */
    model: z.string().nullable(),
    /** Largest logits of each position that are learnt from; null: all, which a model directory alone can give. */
    topK: positive.nullable(),
    /** The loss is s · cross-entropy + (1 − s) · τ² · KL at temperature τ. */
    temperature: z.number().positive(),
    /** forward: KL(teacher ‖ student); reverse needs all logits. */
    direction: z.enum(["forward", "reverse"]),
    crossEntropyShare: z.number().min(0).max(1),
    /** Directory where the teacher's logits are kept, a folder a stage; null: they are not. */
    cache: z.string().nullable(),
  }),
  compression: z.strictObject({
    /** Stages of training at most. */
    stages: positive,
    /** It ends where no more than this share of the pool has positive influence. */
    stopShare: z.number().min(0).max(1),
    /** Documents of each source's shards that are the pool, a random sample; null: all. */
    documentsPerSource: positive.nullable(),
    /** Tokens of a document that its influence is of; training has all of it. */
    length: positive,
    /** Documents scored at once. */
    sequences: positive,
    /** Which parameters have gradients here. */
    tensors: z.enum(["all", "embedding and head"]),
    /** Least weight of a source of which anything is kept. */
    floor: z.number().min(0).max(1),
    /** Whether the same stages are trained on the whole pool too, by its tokens, to compare. */
    original: z.boolean(),
  }),
  /** Train sets of benchmarks in the last of the stages, as the paper has them in its phase 2. */
  benchmarkTrainSets: z.strictObject({
    include: z.boolean(),
    /** Of the tokens of that stage. */
    share: z.number().gt(0).lt(1),
    /** JSONL files, an item a line, by the benchmark's name. */
    files: z.record(z.string(), z.string()),
  }),
  /** Positions of the probing sets that RankMe is computed from, at each checkpoint. */
  rankMeRows: positive,
  /** Proxies that learn from the pretrained model, against the same without a teacher. */
  distillation: z.strictObject({ steps: positive, seeds: positive }),
});

/** Mixtures against each other on equal terms. */
const comparison = z.strictObject({
  /** Updates of each proxy. */
  steps: positive,
  seeds: positive,
  /** Random mixtures that the regression is fitted to. */
  sampled: positive,
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
  /** The model that is trained in the end. */
  model: shape,
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
