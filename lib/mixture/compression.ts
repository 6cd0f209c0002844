/**
 * Compression: what of a pool the current model can still learn from (the paper's Eqs 7, 8).
 *
 *     D_t = {x ∈ D_raw : I(x; θ_t) > 0},  θ_{t+1} = MidTrain(θ_t, D_t)
 *
 * I is the joint influence (Eq 5) of one model, the current one: capabilities count alike, each divided by the root mean square of
 * its scores, never centred. What is kept gets its sources' shares by Eq 6, over the kept documents alone: those dropped no longer pull their source's
 * density down. The pool of every stage is the raw one again: what did not help may help a better model.
 *
 * The paper stops when nothing is left that helps. Scores on a finite probe would scatter around 0 even then, and many stay
 * positive; here a share of the pool is the limit, and a number of stages.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { ProbeInfluence } from "./datainf.ts";
import type { CapabilityProbe } from "./influence.ts";
import { jointInfluence } from "./joint.ts";
import { type Candidate, influenceWeights, type SourceInfluence } from "./weights.ts";

/** A document of the pool. */
export interface PoolCandidate extends Candidate {
  /** Tokens of all of it: what training would have. */
  readonly length: number;
}

/** What of the pool is kept. */
export interface Compression {
  /** Numbers of the documents that help, ascending. */
  readonly kept: readonly number[];
  /** Their share of the pool's documents. */
  readonly positiveShare: number;
  /** D_t: those kept, less the sources that have too little left. */
  readonly trained: readonly number[];
  /** Eq 6 over D_t, in the order in which its documents first name their sources. */
  readonly sources: readonly SourceInfluence[];
}

/** When compression ends. */
export interface StopRule {
  /** Stages of training at most. */
  readonly stages: number;
  /** It ends where no more than this share of the pool has positive influence, 0 … 1. */
  readonly stopShare: number;
}

/**
 * I(x; θ_t) of each document, by Eq 5 with one checkpoint.
 *
 * @param scores Of every probe, in the order of the probes.
 * @param sources Source of each document.
 * @throws {UsageError} as `jointInfluence`.
 */
export function currentInfluence(
  probes: readonly Pick<CapabilityProbe, "name" | "sources">[],
  scores: readonly Pick<ProbeInfluence, "influence">[],
  sources: readonly string[],
): Float64Array {
  const capabilities = probes.map(({ name, sources: own }, i) => ({
    capability: name,
    sources: own,
    checkpoints: [scores[i]?.influence ?? []],
  }));
  return jointInfluence(sources, capabilities).joint;
}

/**
 * Keeps what helps, and weighs its sources.
 *
 * @param influence I of each document.
 * @param floor Least share of a source that is trained on.
 * @param leastTokens What a source must have left to be trained on: a sequence and its last target.
 * @throws {UsageError} where there are no documents, or another number of scores.
 *
 * @example
 * ```ts
 * import { compress } from "./compression.ts";
 * import assert from "node:assert/strict";
 * const pool = ["code", "code", "web", "mail"].map((source) => ({ source, tokens: 10, length: 90 }));
 * const { kept, positiveShare, sources } = compress(pool, [3, -9, 1, 0], 0, 65);
 * assert.deepEqual(kept, [0, 2]);
 * assert.equal(positiveShare, 0.5);
 * assert.deepEqual(sources.map(({ source, weight }) => [source, weight]), [["code", 0.75], ["web", 0.25]]);
 * ```
 */
export function compress(
  pool: readonly PoolCandidate[],
  influence: ArrayLike<number>,
  floor: number,
  leastTokens: number,
): Compression {
  if (pool.length === 0 || influence.length !== pool.length) {
    throw new UsageError(
      `Compression: there are ${influence.length} scores of ${pool.length} documents, expected one of each, and some.`,
    );
  }
  const kept = pool.map((_, x) => x).filter((x) => (influence[x] as number) > 0);
  const left = new Map<string, number>();
  const candidate = (x: number) => pool[x] as PoolCandidate; // Numbers of the pool.
  for (const { source, length } of kept.map(candidate)) left.set(source, (left.get(source) ?? 0) + length);
  const trained = kept.filter((x) => (left.get(candidate(x).source) ?? 0) >= leastTokens);
  return {
    kept,
    positiveShare: kept.length / pool.length,
    trained,
    sources: trained.length === 0
      ? []
      : influenceWeights(trained.map(candidate), trained.map((x) => influence[x] as number), floor),
  };
}

/**
 * Why there is no further stage; undefined: there is.
 *
 * @param trained Stages that were trained before.
 */
export function stopReason(
  { positiveShare }: Pick<Compression, "positiveShare">,
  trained: number,
  { stages, stopShare }: StopRule,
): string | undefined {
  if (positiveShare <= stopShare) {
    return `${(100 * positiveShare).toFixed(1)}% of the pool help, no more than ${100 * stopShare}%`;
  }
  return trained >= stages ? `all ${stages} stages are trained` : undefined;
}
