/**
 * Scores of a benchmark with what they may be by chance.
 *
 * Questions are what is drawn at random; answers to one question are not independent. So standard errors are clustered by question
 * (Miller, 2024, "Adding error bars to evals"), which with as many answers to each is the error of the questions' means, and bootstraps
 * draw questions.
 * @module
 */
import { Random } from "../core/random.ts";
import { bootstrapInterval, meanOf, standardDeviation } from "../core/statistics.ts";
import { passAtK } from "./pass_at_k.ts";
import type { Sample } from "./protocol.ts";

/** A score. */
export interface Score {
  readonly metric: string;
  readonly value: number;
  /** Clustered by question; null below two questions. */
  readonly standardError: number | null;
  /** Bootstrap interval at 95%; null below three questions. */
  readonly low: number | null;
  readonly high: number | null;
}

/** All answers to one question. */
export type Cluster = readonly Sample[];

/** Answers by question, in the order of their first ones. */
export function clustersOf(samples: readonly Sample[]): Cluster[] {
  return [...Map.groupBy(samples, ({ id }) => id).values()];
}

/** A cluster's mean of a metric. */
export function clusterMean(cluster: Cluster, metric: string): number {
  return meanOf(cluster.map(({ metrics }) => metrics[metric] ?? NaN));
}

/**
 * The scores of a benchmark, or of a group of its questions. With several answers to each question, a metric's mean is pass@1, and pass@k
 * for the powers of two up to their number comes after it.
 *
 * @param samples As many for each question.
 * @param seed Of the bootstrap.
 *
 * @example
 * ```ts
 * import { scoresOf } from "./scores.ts";
 * import assert from "node:assert/strict";
 * const rest = { sample: 0, responses: [], filtered: null };
 * const samples = [1, 0, 1, 1].map((acc, i) => ({ id: String(i), metrics: { acc }, ...rest }));
 * assert.equal(scoresOf(samples, ["acc"], 1)[0]?.value, 0.75);
 * ```
 */
export function scoresOf(samples: readonly Sample[], metrics: readonly string[], seed: number): Score[] {
  const clusters = clustersOf(samples);
  const answers = clusters[0]?.length ?? 0;
  const powers: number[] = [];
  for (let k = 2; k <= answers; k *= 2) powers.push(k);
  return metrics.flatMap((metric) =>
    metric === "perplexity" ? [perplexityOf(clusters, seed)] : [
      meanScore(metric, clusters, (cluster) => clusterMean(cluster, metric), seed),
      ...powers.map((k) =>
        meanScore(`pass@${k}`, clusters, (cluster) => {
          const correct = cluster.filter(({ metrics }) => metrics[metric] === 1).length;
          return passAtK(cluster.length, correct, k);
        }, seed)
      ),
    ]
  );
}

/** The mean over questions of what each is worth. */
function meanScore(
  metric: string,
  clusters: readonly Cluster[],
  worth: (cluster: Cluster) => number,
  seed: number,
): Score {
  const values = clusters.map(worth);
  return estimated(metric, values, meanOf, standardDeviation(values) / Math.sqrt(values.length), seed);
}

/** exp(Σ nll / Σ tokens); its standard error by the delta method, with tokens as weights. */
function perplexityOf(clusters: readonly Cluster[], seed: number): Score {
  const texts = clusters.map((cluster) => ({ nll: total(cluster, "nll"), tokens: total(cluster, "tokens") }));
  const sums = (drawn: typeof texts) =>
    drawn.reduce((sum, { nll, tokens }) => ({ nll: sum.nll + nll, tokens: sum.tokens + tokens }));
  const perplexity = (drawn: typeof texts) => Math.exp(sums(drawn).nll / sums(drawn).tokens);
  const value = perplexity(texts);
  const residuals = texts.map(({ nll, tokens }) => nll - Math.log(value) * tokens);
  const error = value * standardDeviation(residuals) * Math.sqrt(texts.length) / sums(texts).tokens;
  return estimated("perplexity", texts, perplexity, error, seed);
}

function total(cluster: Cluster, metric: string): number {
  return cluster.reduce((sum, { metrics }) => sum + (metrics[metric] ?? NaN), 0);
}

/** @param values One of each question. */
function estimated<Value>(
  metric: string,
  values: readonly Value[],
  statistic: (drawn: Value[]) => number,
  standardError: number,
  seed: number,
): Score {
  const { mean, low, high } = bootstrapInterval(values, statistic, Random.of(seed, "bootstrap", metric));
  return { metric, value: mean, standardError: values.length < 2 ? null : standardError, low, high };
}
