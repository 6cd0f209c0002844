/**
 * Influence along the training of one or several models: what `jointInfluence` makes one score of.
 * @module
 */
import type { InfluenceBackend } from "../backends/influence.ts";
import { dataInf, type InfluenceProbe, type ProbeInfluence, type Sequences } from "./datainf.ts";
import type { CapabilityInfluence } from "./joint.ts";

/** A probe that is a capability. */
export interface CapabilityProbe extends InfluenceProbe {
  /** Sources whose representative sets are in the probing set. */
  readonly sources: readonly string[];
}

/**
 * A model along its training and the probes that ask it: for pretraining's mixture each capability has a model of its own, for
 * mid-training all capabilities ask the same. Probes of one model share the passes over the candidates.
 */
export interface ProbedModel {
  readonly probes: readonly CapabilityProbe[];
  /** Weights [parameters] at evenly spaced checkpoints t = 1 … T, each read when its turn comes. */
  readonly checkpoints: readonly (() => Promise<Float32Array>)[];
}

/** Scores of every capability at every checkpoint, in the order of the models and their probes. */
export interface InfluenceOverCheckpoints {
  readonly influence: readonly CapabilityInfluence[];
  /** The baseline: plain products of gradients (TracIn). */
  readonly gradientProduct: readonly CapabilityInfluence[];
}

/**
 * Scores all candidates for all probes at all checkpoints; `dataInf` says how, and what it throws.
 *
 * @param backend For the models' common config; it holds one checkpoint at a time.
 * @param candidates Read three times a checkpoint.
 * @param remember Gets the number of each checkpoint, counted through all models, and how to score it: it may look up what an
 * interrupted call had scored before. `(_, score) => score()` forgets.
 */
export async function influenceOverCheckpoints(
  backend: InfluenceBackend,
  models: readonly ProbedModel[],
  candidates: Sequences,
  remember: (checkpoint: number, score: () => Promise<ProbeInfluence[]>) => Promise<ProbeInfluence[]>,
): Promise<InfluenceOverCheckpoints> {
  const influence: CapabilityInfluence[] = [];
  const gradientProduct: CapabilityInfluence[] = [];
  let checkpoint = 0;
  for (const { probes, checkpoints } of models) {
    const results: ProbeInfluence[][] = [];
    for (const weights of checkpoints) {
      results.push(
        await remember(checkpoint++, async () => {
          await backend.load(await weights());
          return await dataInf(backend, probes, candidates);
        }),
      );
    }
    probes.forEach(({ name, sources }, i) => {
      // Every result has one entry a probe.
      const of = (kind: "influence" | "gradientProduct") => ({
        capability: name,
        sources,
        checkpoints: results.map((result) => (result[i] as ProbeInfluence)[kind]),
      });
      influence.push(of("influence"));
      gradientProduct.push(of("gradientProduct"));
    });
  }
  return { influence, gradientProduct };
}
