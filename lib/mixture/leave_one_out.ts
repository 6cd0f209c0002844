/**
 * Leave-one-out: what each source is worth to each capability, by training without it (the paper's Eq 1).
 *
 * Δ_j = ℓ(θ₋ⱼ) − ℓ(θ): the loss of a probing set after training without source j, less that after training with all of them; above 0
 * where the source helps. By the paper's rule all sources are sampled alike and nothing is repeated, so that the smallest
 * source bounds the tokens of the whole experiment.
 * @module
 */
import { RunError, UsageError } from "../core/errors.ts";
import { type Mixture, uniformMixture } from "../core/mixture.ts";
import { type Estimate, tInterval } from "../core/statistics.ts";
import type { ProbeLoss } from "./proxy.ts";
import { raiseToFloor } from "./weights.ts";

/** One mixture of the experiment. */
export interface LeaveOneOutMixture {
  /** The source that is missing; null: none is. */
  readonly left: string | null;
  readonly mixture: Mixture;
}

/** A probe's loss in one of the experiment's runs. */
export interface LeaveOneOutLoss extends ProbeLoss {
  /** The source that it trained without; null: with all. */
  readonly left: string | null;
  /** Of the run; those with all sources and without one are compared seed by seed. */
  readonly seed: number;
}

/** Δ of a source on a probe at a step: its mean over seeds, with an interval from three on. */
export interface Impact extends Estimate {
  readonly left: string;
  readonly probe: string;
  readonly step: number;
  readonly tokens: number;
  readonly seeds: number;
}

/**
 * The experiment's mixtures: all sources, then all but each, sampled alike and without repetition.
 *
 * @param sources Names of at least two.
 * @throws {UsageError} for fewer, or a name twice.
 *
 * @example
 * ```ts
 * import { leaveOneOutMixtures } from "./leave_one_out.ts";
 * import assert from "node:assert/strict";
 * const mixtures = leaveOneOutMixtures(["code", "math", "web"], "llama3");
 * assert.deepEqual(mixtures.map(({ mixture }) => mixture.name), ["full", "without code", "without math", "without web"]);
 * assert.equal(mixtures[1]?.mixture.sources[0]?.weight, 1 / 2);
 * ```
 */
export function leaveOneOutMixtures(sources: readonly string[], tokenizer: string): LeaveOneOutMixture[] {
  if (sources.length < 2) {
    throw new UsageError(`Leave-one-out has ${sources.length} sources, expected at least 2.`);
  }
  const twice = sources.find((name, i) => sources.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`Leave-one-out names the source "${twice}" twice.`);
  return [null, ...sources].map((left) => ({
    left,
    mixture: {
      ...uniformMixture(sources.filter((name) => name !== left), tokenizer),
      name: left === null ? "full" : `without ${left}`,
      method: "leave-one-out",
      caps: { maxEpochs: 1 },
    },
  }));
}

/** What a source can give. */
export interface SourceSize {
  readonly name: string;
  /** Tokens, or windows of tokens: the budget is in the same unit. */
  readonly tokens: number;
}

/**
 * The most that every run of the experiment can train on without repeating anything: (sources − 1) times the smallest source, which
 * gives the largest share where another one is left out.
 *
 * @example
 * ```ts
 * import { largestFairBudget } from "./leave_one_out.ts";
 * import assert from "node:assert/strict";
 * const sizes = [{ name: "code", tokens: 900 }, { name: "math", tokens: 100 }, { name: "web", tokens: 500 }];
 * assert.equal(largestFairBudget(sizes), 200);
 * ```
 */
export function largestFairBudget(sources: readonly SourceSize[]): number {
  return (sources.length - 1) * smallest(sources).tokens;
}

/**
 * Checks that the experiment can train on a budget without repeating anything.
 *
 * @param budget In the unit of the sources' sizes.
 * @throws {UsageError} where it cannot, naming the source that is too small.
 */
export function requireFairBudget(sources: readonly SourceSize[], budget: number): void {
  const largest = largestFairBudget(sources);
  if (budget <= largest) return;
  const { name, tokens } = smallest(sources);
  throw new UsageError(
    `Leave-one-out on a budget of ${budget} needs ${
      Math.ceil(budget / (sources.length - 1))
    } of every source, ` +
      `"${name}" has ${tokens}: train on at most ${largest}, or leave that source out of the experiment.`,
  );
}

function smallest(sources: readonly SourceSize[]): SourceSize {
  if (sources.length < 2) {
    throw new UsageError(`Leave-one-out has ${sources.length} sources, expected at least 2.`);
  }
  return sources.reduce((a, b) => b.tokens < a.tokens ? b : a);
}

/**
 * Δ of every left-out source, probe and step, paired by seed.
 *
 * @returns By source and probe in the order of the losses, steps ascending.
 * @throws {RunError} where a loss is not finite, is there twice, or its run with all sources is missing.
 *
 * @example
 * ```ts
 * import { leaveOneOutImpacts } from "./leave_one_out.ts";
 * import assert from "node:assert/strict";
 * const at = { step: 10, tokens: 640, probe: "code", seed: 1 };
 * const [impact] = leaveOneOutImpacts([
 *   { ...at, left: null, negativeLogLikelihood: 2 },
 *   { ...at, left: "three", negativeLogLikelihood: 2.5 },
 * ]);
 * assert.deepEqual([impact?.mean, impact?.low, impact?.seeds], [0.5, null, 1]);
 * ```
 */
export function leaveOneOutImpacts(losses: readonly LeaveOneOutLoss[]): Impact[] {
  const keyOf = ({ probe, step, seed }: LeaveOneOutLoss, left: string | null) =>
    JSON.stringify([left, probe, step, seed]);
  const runOf = ({ probe, step, seed, left }: LeaveOneOutLoss) =>
    `${
      left === null ? "with all sources" : `without "${left}"`
    }, seed ${seed}, probe "${probe}", step ${step}`;
  const byKey = new Map<string, number>();
  for (const loss of losses) {
    const { negativeLogLikelihood, left } = loss;
    if (!Number.isFinite(negativeLogLikelihood)) {
      throw new RunError(`Leave-one-out: the loss ${runOf(loss)} is ${negativeLogLikelihood}.`);
    }
    if (byKey.has(keyOf(loss, left))) {
      throw new RunError(`Leave-one-out: the loss ${runOf(loss)} is there twice.`);
    }
    byKey.set(keyOf(loss, left), negativeLogLikelihood);
  }
  const groups = new Map<
    string,
    { left: string; probe: string; step: number; tokens: number; deltas: number[] }
  >();
  for (const loss of losses) {
    const { left, probe, step, tokens, negativeLogLikelihood } = loss;
    if (left === null) continue;
    const full = byKey.get(keyOf(loss, null));
    if (full === undefined) {
      throw new RunError(`Leave-one-out: the loss ${runOf({ ...loss, left: null })} is missing.`);
    }
    const key = JSON.stringify([left, probe, step]);
    const group = groups.get(key) ?? { left, probe, step, tokens, deltas: [] };
    group.deltas.push(negativeLogLikelihood - full);
    groups.set(key, group);
  }
  const names = [...groups.values()];
  const lefts = names.map(({ left }) => left), probes = names.map(({ probe }) => probe);
  return names
    .sort((a, b) =>
      lefts.indexOf(a.left) - lefts.indexOf(b.left) || probes.indexOf(a.probe) - probes.indexOf(b.probe) ||
      a.step - b.step
    )
    .map(({ deltas, ...group }) => ({ ...group, ...tInterval(deltas), seeds: deltas.length }));
}

/** One source's way to its weight. */
export interface SourceImpact {
  readonly source: string;
  /** Sum over the probes of its Δ, each in units of the probe's root mean square over the sources. */
  readonly impact: number;
  readonly weight: number;
  /** Whether the impact was negative and became 0. */
  readonly clipped: boolean;
  /** Whether the weight was raised to the floor. */
  readonly floored: boolean;
}

/** Impacts are of order 1; where probes contradict each other exactly, rounding is all that is left of their sum. */
const SMALLEST_TOTAL = 1e-9;

/**
 * A mixture from leave-one-out, as a baseline: weights in proportion to the sources' Δ at the last step. As with joint influence,
 * each probe's Δ are divided by their root mean square, so that capabilities count alike whatever their scale, and are not
 * centred, since the sign means "helps".
 *
 * @param floor Least weight of a source, 0 … 1 / (number of sources).
 * @throws {UsageError} without impacts, for a floor that is none, or where a source lacks a probe at the last step.
 * @throws {RunError} where no source helps, so that no weights follow.
 *
 * @example
 * ```ts
 * import { leaveOneOutWeights } from "./leave_one_out.ts";
 * import assert from "node:assert/strict";
 * const at = { probe: "code", step: 10, tokens: 640, low: null, high: null, seeds: 1 };
 * const weights = leaveOneOutWeights([{ ...at, left: "three", mean: 0.3 }, { ...at, left: "mail", mean: -0.1 }], 0.1);
 * assert.deepEqual(weights.map(({ weight, clipped }) => [weight, clipped]), [[0.9, false], [0.1, true]]);
 * ```
 */
export function leaveOneOutWeights(impacts: readonly Impact[], floor: number): SourceImpact[] {
  if (impacts.length === 0) {
    throw new UsageError("Leave-one-out weights: there are no impacts, expected at least one.");
  }
  const lastStep = impacts.reduce((last, { step }) => Math.max(last, step), -Infinity);
  const last = impacts.filter(({ step }) => step === lastStep);
  const sources = [...new Set(last.map(({ left }) => left))];
  if (!(floor >= 0 && floor * sources.length <= 1)) {
    throw new UsageError(
      `Leave-one-out weights: floor is ${floor}, expected 0 … 1/${sources.length} for ${sources.length} sources.`,
    );
  }
  const sums = new Map(sources.map((source) => [source, 0]));
  for (const [probe, own] of Map.groupBy(last, ({ probe }) => probe)) {
    const missing = sources.find((source) => !own.some(({ left }) => left === source));
    if (missing !== undefined) {
      throw new UsageError(
        `Leave-one-out weights: there is no impact of "${missing}" on "${probe}" at step ${lastStep}.`,
      );
    }
    const scale = Math.sqrt(own.reduce((sum, { mean }) => sum + mean ** 2, 0) / own.length);
    if (scale === 0) continue; // no source matters to this probe
    for (const { left, mean } of own) sums.set(left, (sums.get(left) ?? 0) + mean / scale);
  }
  const clipped = [...sums.values()].map((impact) => Math.max(0, impact));
  const total = clipped.reduce((sum, impact) => sum + impact, 0);
  if (total < SMALLEST_TOTAL) {
    throw new RunError(
      "Leave-one-out weights: leaving no source out raises the losses, so no weights follow.",
    );
  }
  const { weights, floored } = raiseToFloor(clipped.map((impact) => impact / total), floor);
  return [...sums].map(([source, impact], i) => ({
    source,
    impact,
    weight: weights[i] as number, // one for each
    clipped: impact < 0,
    floored: floored.has(i),
  }));
}
