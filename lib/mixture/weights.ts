/**
 * From joint influence to a mixture: the influence density of each source, and the share that follows (the paper's Eq 6).
 *
 * ρ_g = (1/N_g) Σ_{x ∈ g} I_joint(x)·s(x), with s the tokens of a candidate and N_g = Σ s those of the source's candidates: the
 * mean influence of a token. w_g = ρ_g / Σ ρ. The paper says nothing of negative ρ: here they become 0, and a floor may give
 * every source a least share. What was clipped or floored is part of the result.
 * @module
 */
import { RunError, UsageError } from "../core/errors.ts";
import type { Mixture } from "../core/mixture.ts";

/** A document that was scored. */
export interface Candidate {
  readonly source: string;
  /** s: tokens that its loss was a mean over. */
  readonly tokens: number;
}

/** One source's way to its weight. */
export interface SourceInfluence {
  readonly source: string;
  readonly candidates: number;
  /** N_g. */
  readonly tokens: number;
  /** ρ_g before clipping. */
  readonly density: number;
  /** w_g. */
  readonly weight: number;
  /** Whether ρ_g was negative and became 0. */
  readonly clipped: boolean;
  /** Whether the weight was raised to the floor. */
  readonly floored: boolean;
}

/**
 * Densities and weights of all sources, in the order in which candidates first name them.
 *
 * @param influence Joint influence of each candidate.
 * @param floor Least weight of a source, 0 … 1 / (number of sources).
 * @throws {UsageError} for a floor that is none, no candidates, a candidate without tokens, or another number of scores.
 * @throws {RunError} where no source has a density above 0, so that no weights follow, or a score is not finite.
 *
 * @example
 * ```ts
 * import { influenceWeights } from "./weights.ts";
 * import assert from "node:assert/strict";
 * const candidates = [{ source: "code", tokens: 10 }, { source: "code", tokens: 30 }, { source: "mail", tokens: 5 }];
 * const [code, mail] = influenceWeights(candidates, [2, 4, -1], 0.1);
 * assert.deepEqual([code?.density, code?.weight], [3.5, 0.9]);
 * assert.deepEqual([mail?.clipped, mail?.floored, mail?.weight], [true, true, 0.1]);
 * ```
 */
export function influenceWeights(
  candidates: readonly Candidate[],
  influence: ArrayLike<number>,
  floor: number,
): SourceInfluence[] {
  const sources = densities(candidates, influence);
  if (!(floor >= 0 && floor * sources.length <= 1)) {
    throw new UsageError(
      `Influence weights: floor is ${floor}, expected 0 … 1/${sources.length} for ${sources.length} sources.`,
    );
  }
  const clipped = sources.map(({ density }) => Math.max(0, density));
  const total = clipped.reduce((sum, density) => sum + density, 0);
  if (total === 0) {
    const best = sources.reduce((a, b) => b.density > a.density ? b : a);
    throw new RunError(
      `Influence weights: no source has a density above 0 (the largest is ${best.density}, of "${best.source}"), so no weights follow.`,
    );
  }
  const { weights, floored } = raiseToFloor(clipped.map((density) => density / total), floor);
  return sources.map((source, i) => ({
    ...source,
    weight: weights[i] as number,
    clipped: source.density < 0,
    floored: floored.has(i),
  }));
}

function densities(candidates: readonly Candidate[], influence: ArrayLike<number>) {
  if (candidates.length === 0) {
    throw new UsageError("Influence weights: there are no candidates, expected at least one.");
  }
  if (influence.length !== candidates.length) {
    throw new UsageError(
      `Influence weights: there are ${influence.length} scores, expected one for each of ${candidates.length} candidates.`,
    );
  }
  const sums = new Map<string, { candidates: number; tokens: number; influence: number }>();
  candidates.forEach(({ source, tokens }, x) => {
    if (!(tokens > 0 && tokens < Infinity)) {
      throw new UsageError(
        `Influence weights: candidate ${x} of "${source}" has ${tokens} tokens, expected more than 0.`,
      );
    }
    const score = influence[x] as number;
    if (!Number.isFinite(score)) {
      throw new RunError(`Influence weights: the score of candidate ${x} of "${source}" is ${score}.`);
    }
    const sum = sums.get(source) ?? { candidates: 0, tokens: 0, influence: 0 };
    sum.candidates++;
    sum.tokens += tokens;
    sum.influence += score * tokens;
    sums.set(source, sum);
  });
  return [...sums].map(([source, { candidates, tokens, influence }]) => ({
    source,
    candidates,
    tokens,
    density: influence / tokens,
  }));
}

/**
 * Raises what lies below the floor to it; the others share the rest in proportion, which may bring more of them below it.
 *
 * @param weights Shares that sum to 1.
 * @param floor 0 … 1 / (number of weights).
 * @returns The new shares, and the indices of those that were raised.
 */
export function raiseToFloor(weights: readonly number[], floor: number) {
  const floored = new Set<number>();
  for (;;) {
    const free = weights.reduce((sum, weight, i) => floored.has(i) ? sum : sum + weight, 0);
    const scale = (1 - floor * floored.size) / free;
    const below = weights.findIndex((weight, i) => !floored.has(i) && weight * scale < floor);
    if (below < 0) {
      return { weights: weights.map((weight, i) => floored.has(i) ? floor : weight * scale), floored };
    }
    floored.add(below);
  }
}

/** What a mixture says of itself beside its weights. */
export type MixtureDescription = Pick<
  Mixture,
  "name" | "tokenizer" | "proxy" | "tokenBudget" | "caps" | "createdFrom"
>;

/** The mixture of these weights, as a mixture file holds it. */
export function influenceMixture(
  sources: readonly SourceInfluence[],
  description: MixtureDescription,
): Mixture {
  return {
    ...description,
    method: "influence",
    sources: sources.map(({ source, weight }) => ({ name: source, weight, printed: weight })),
  };
}

/**
 * One sentence for people on what was clipped and floored; undefined where nothing was.
 *
 * @example
 * ```ts
 * import { describeAdjustments, influenceWeights } from "./weights.ts";
 * import assert from "node:assert/strict";
 * const sources = influenceWeights([{ source: "code", tokens: 1 }, { source: "mail", tokens: 1 }], [1, -0.5], 0.05);
 * assert.equal(
 *   describeAdjustments(sources),
 *   "Negative densities became 0: mail (-0.500). Raised to the floor of 0.05: mail.",
 * );
 * ```
 */
export function describeAdjustments(sources: readonly SourceInfluence[]): string | undefined {
  const clipped = sources.filter((source) => source.clipped);
  const floored = sources.filter((source) => source.floored);
  const sentences = [
    ...(clipped.length === 0 ? [] : [
      `Negative densities became 0: ${
        clipped.map(({ source, density }) => `${source} (${density.toPrecision(3)})`).join(", ")
      }.`,
    ]),
    ...(floored.length === 0 ? [] : [
      `Raised to the floor of ${floored[0]?.weight}: ${floored.map(({ source }) => source).join(", ")}.`,
    ]),
  ];
  return sentences.length === 0 ? undefined : sentences.join(" ");
}
