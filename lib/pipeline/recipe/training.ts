/**
 * Settings of training: what all stages share, pretraining's phases, fine-tuning's stages.
 *
 * The paper's Table 2 has batch, length, steps, peak rate, schedule and warm-up. Ours are: gradient accumulation, how often probes are scored and state is
 * saved, the template, packing and what happens to long conversations.
 * @module
 */
import { z } from "zod";
import { fraction, positive } from "./numbers.ts";

/** Fields of every stage that trains the model. */
export const optimization = {
  /** Sequences per update. */
  sequences: positive,
  /** Sequences that the backend holds at once, the gradients of the parts being accumulated; null: all. */
  sequencesAtOnce: positive.nullable(),
  /** Tokens per sequence. */
  length: positive,
  learningRate: z.number().positive(),
  decay: z.enum(["linear", "cosine"]),
  /** Share of the peak learning rate that the last update approaches. */
  floor: fraction,
  weightDecay: z.number().nonnegative(),
  /** Updates between scores of the probing sets. */
  probeEvery: positive,
  /** Updates between checkpoints. */
  checkpointEvery: positive,
};

/** A phase of pretraining. */
export const pretraining = z.strictObject({
  ...optimization,
  /** Name of a file in data/mixtures, a path, or "influence": what stage "influence" finds. */
  mixture: z.string(),
  steps: positive,
  /** Updates of linear warm-up. */
  warmupSteps: z.number().int().nonnegative(),
});

/** A stage of supervised fine-tuning. */
export const fineTuning = z.strictObject({
  ...optimization,
  /** Sources of conversations: names in data/sources or data/sources/conversations, or files. */
  sources: z.array(z.string()).min(1),
  epochs: positive,
  /** Share of all updates that warm up. */
  warmupRatio: fraction,
  /** "llama3", or the path of a chat_template.jinja. */
  template: z.string(),
  /** best fit: many conversations in a sequence. none: one in each. */
  packing: z.enum(["best fit", "none"]),
  /** What happens to conversations longer than a sequence; cut: they lose their end. */
  longer: z.enum(["cut", "leave out"]),
  /** RoPE's base becomes so many times what it was, for a longer context. */
  ropeThetaFactor: z.number().positive(),
});

/** AdamW and clipping, the same in every stage. */
export const optimizer = z.strictObject({
  beta1: z.number(),
  beta2: z.number(),
  epsilon: z.number().positive(),
  /** Clipping: the paper is silent. */
  maxGradientNorm: z.number().positive(),
});

/** Which checkpoints of a stage stay; no result depends on it. */
export const checkpoints = z.strictObject({
  /** So many of the newest, while the stage is unfinished: to resume from. */
  newest: positive,
  /** n: of all that are written every n-th stays for good, beside the finished model; null: none. */
  everyNth: positive.nullable(),
});
