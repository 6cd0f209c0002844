/**
 * Mixtures to fit a regression on, drawn at random around the sources' sizes as RegMix does (arXiv 2407.01492).
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import type { Mixture } from "../../core/mixture.ts";
import { Random } from "../../core/random.ts";
import { isFeasible, nearestShares } from "./bounded_shares.ts";

/**
 * Dirichlet's concentration for the mean source, taken in turn: at ½ a few sources make up a mixture, at 1 all shares are equally
 * likely (of equal sources), at 2 and 4 mixtures lie closer to the mean. Several, since the regression needs corners to tell
 * sources apart, and the middle because the best mixtures are there. (RegMix goes farther into the corners: its concentrations sum
 * to 0.1 … 5 over 17 sources, which its hundreds of runs can afford.)
 */
export const CONCENTRATIONS = [0.5, 1, 2, 4];

/**
 * How a source's size counts in the mean: its square root, as in RegMix's code. Large sources come more often, yet small ones often
 * enough for their effect to be seen.
 */
const SIZE_EXPONENT = 0.5;

/** What is drawn, and for whom. */
export interface RandomMixturesOptions {
  readonly count: number;
  readonly seed: number;
  readonly tokenizer: string;
  /** Training tokens of each run. */
  readonly tokenBudget: number;
  /** How often a source may be repeated: its share is cut there, since a loader would give less than the mixture says. */
  readonly maxEpochs: number;
}

/**
 * Draws mixtures from Dirichlet(κ · sources · p), p ∝ √tokens, κ in turn from {@link CONCENTRATIONS}; a share above what the source can
 * give is cut, and the nearest mixture within all such limits taken. The first n are the same whatever the count.
 *
 * @throws {UsageError} for fewer than two sources, one without tokens, or where all of them hold too little for the budget.
 *
 * @example
 * ```ts
 * import { randomMixtures } from "./random_mixtures.ts";
 * import assert from "node:assert/strict";
 * const mixtures = randomMixtures([{ name: "code", tokens: 4e6 }, { name: "web", tokens: 1e6 }], {
 *   count: 32, seed: 1, tokenizer: "llama3", tokenBudget: 2e6, maxEpochs: 1,
 * });
 * assert.ok(mixtures.every(({ sources }) => sources[1]?.name === "web" && sources[1].weight <= 0.5));
 * ```
 */
export function randomMixtures(
  sources: readonly { readonly name: string; readonly tokens: number }[],
  { count, seed, tokenizer, tokenBudget, maxEpochs }: RandomMixturesOptions,
): Mixture[] {
  if (sources.length < 2) {
    throw new UsageError(`Random mixtures have ${sources.length} sources, expected at least 2.`);
  }
  const empty = sources.find(({ tokens }) => !(tokens > 0));
  if (empty !== undefined) {
    throw new UsageError(
      `Random mixtures: "${empty.name}" has ${empty.tokens} tokens, expected more than 0.`,
    );
  }
  const bounds = {
    least: sources.map(() => 0),
    most: sources.map(({ tokens }) => Math.min(1, maxEpochs * tokens / tokenBudget)),
  };
  if (!isFeasible(bounds)) {
    const total = sources.reduce((sum, { tokens }) => sum + tokens, 0);
    throw new UsageError(
      `Random mixtures: the sources have ${total} tokens, too few for ${tokenBudget} within ${maxEpochs} epochs.`,
    );
  }
  const sizes = sources.map(({ tokens }) => tokens ** SIZE_EXPONENT);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return Array.from({ length: count }, (_, number) => {
    const concentration = CONCENTRATIONS[number % CONCENTRATIONS.length] as number; // in range
    const logarithms = sources.map(({ name }, j) =>
      logGamma(concentration * sources.length * (sizes[j] ?? 0) / total, seed, number, name)
    );
    // Small concentrations give numbers below what a double holds: only their ratios count.
    const largest = Math.max(...logarithms), values = logarithms.map((value) => Math.exp(value - largest));
    const sum = values.reduce((all, value) => all + value, 0);
    const weights = nearestShares(values.map((value) => value / sum), bounds);
    return {
      name: `random-${String(number + 1).padStart(3, "0")}`,
      method: "random",
      sources: sources.map(({ name }, j) => {
        const weight = weights[j] as number; // one for each
        return { name, weight, printed: weight };
      }),
      tokenizer,
      proxy: null,
      tokenBudget,
      caps: { maxEpochs },
      createdFrom:
        `Dirichlet around the square roots of the sources' tokens, concentration ${concentration}, seed ${seed}`,
    };
  });
}

/**
 * Logarithm of a Gamma(shape, 1) number: Marsaglia and Tsang (2000), with their boost for shapes below 1.
 *
 * @param path What the number is for.
 */
function logGamma(shape: number, seed: number, ...path: (string | number)[]): number {
  const normals = Random.of(seed, "gamma", ...path, "normal");
  const uniforms = Random.of(seed, "gamma", ...path, "uniform");
  const boosted = shape < 1 ? shape + 1 : shape;
  const d = boosted - 1 / 3, c = 1 / Math.sqrt(9 * d);
  for (let attempt = 0;; attempt++) {
    const z = normals.normal(attempt), v = (1 + c * z) ** 3;
    // 1 − u is in (0, 1].
    if (v <= 0 || Math.log(1 - uniforms.uniform(attempt + 1)) >= z * z / 2 + d - d * v + d * Math.log(v)) {
      continue;
    }
    return Math.log(d * v) + (shape < 1 ? Math.log(1 - uniforms.uniform(0)) / shape : 0);
  }
}
