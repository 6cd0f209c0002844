/**
 * Settings of mid-training: stages of scoring the pool, keeping what helps and training on it (lib/mixture/compression.ts), towards a
 * teacher or not (lib/train/distillation).
 *
 * The paper says 50,000 updates of 512 sequences of 4096 tokens in each of two stages, a peak of 3.6e-4 falling linearly to 0, and the KL divergence to
 * Llama-3.1-8B-Instruct. It states neither warm-up nor weight decay, nor the divergence's temperature and direction, nor a share of cross-entropy, nor how
 * much of a document is scored: those are ours.
 * @module
 */
import { z } from "zod";
import { fraction, positive } from "./numbers.ts";
import { optimization } from "./training.ts";

/** All of mid-training. */
export const midtraining = z.strictObject({
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
    crossEntropyShare: fraction,
    /** Directory where the teacher's logits are kept, a folder a stage; null: they are not. */
    cache: z.string().nullable(),
  }),
  compression: z.strictObject({
    /** Stages of training at most. */
    stages: positive,
    /** It ends where no more than this share of the pool has positive influence. */
    stopShare: fraction,
    /** Sources that are the pool, by their own names; null: all of the recipe's. */
    sources: z.array(z.string()).min(1).nullable(),
    /** Documents of each source's shards that are the pool, a random sample; null: all. */
    documentsPerSource: positive.nullable(),
    /** Tokens of a document that its influence is of; training has all of it. */
    length: positive,
    /** Documents scored at once. */
    sequences: positive,
    /** Which parameters have gradients here. */
    tensors: z.enum(["all", "embedding and head"]),
    /** Least weight of a source of which anything is kept. */
    floor: fraction,
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
