/**
 * Settings of what proxies are for: leave-one-out, influence, its validation, and mixtures against each other.
 *
 * The paper's: T = 10 checkpoints of each domain's model. It states neither the proxies' size nor their updates nor seeds; what data/recipes has
 * there are the sizes of AutoMixer (arXiv 2506.21910), the same group's earlier work: 350M parameters, 100,000 updates of 32 sequences of 2048.
 * @module
 */
import { z } from "zod";
import { model } from "./model.ts";
import { fraction, positive } from "./numbers.ts";

/** Proxies: what leave-one-out, influence and comparisons train. The number of updates is theirs. */
export const proxy = z.strictObject({
  model,
  sequences: positive,
  length: positive,
  learningRate: z.number().positive(),
  /** Share of all updates that warm up. */
  warmupRatio: fraction,
  decay: z.enum(["linear", "cosine"]),
  floor: fraction,
  weightDecay: z.number().nonnegative(),
  checkpointEvery: positive,
});

/** What each source is worth. */
export const leaveOneOut = z.strictObject({
  /** Updates of each proxy. */
  steps: positive,
  /** Proxies of each data set, from different initial weights on a different order of data. */
  seeds: positive,
  /** How often the probing sets are scored along training. */
  probePoints: positive,
});

/** What each document is worth. */
export const influence = z.strictObject({
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
  floor: fraction,
});

/** Whether influence predicts what retraining finds: lib/mixture/validation. */
export const validation = z.strictObject({
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

/** Mixtures against each other on equal terms. */
export const comparison = z.strictObject({
  /** Updates of each proxy. */
  steps: positive,
  seeds: positive,
  /** Random mixtures that the regression is fitted to. */
  sampled: positive,
});
