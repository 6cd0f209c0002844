/**
 * Every method's scores of every candidate for every probe document.
 * @module
 */
import { join } from "node:path";
import { meanOf } from "../../core/statistics.ts";
import { jointInfluence } from "../joint.ts";
import type { ValidationOptions } from "./options.ts";
import type { Method } from "./report.ts";
import type { Retrained } from "./retraining.ts";
import { type CheckpointScores, scoresAt } from "./scores.ts";

/** One method's joint scores. */
export interface MethodScores {
  readonly method: Method;
  /** [probe document][candidate]. */
  readonly scores: readonly (readonly number[])[];
}

/** Scores at the checkpoints of the full proxies, one for each seed, made joint as the pipeline does; "influence" comes first. */
export async function methodScores(
  options: ValidationOptions,
  full: readonly Retrained[],
): Promise<MethodScores[]> {
  const { influence: backend, candidates, probes, settings, directory, fingerprint, signal } = options;
  const scoring = {
    ...settings,
    backend,
    probes: probes.map(({ tokens }) => tokens),
    candidates: candidates.map(({ tokens }) => tokens),
    directory: join(directory, "scores"),
    fingerprint,
    signal,
  };
  const bySeed: CheckpointScores[][] = [];
  for (const [r, { models }] of full.entries()) {
    const checkpoints: CheckpointScores[] = [];
    for (const [t, model] of models.entries()) {
      console.error(
        `Scores of the full proxy ${r + 1} of ${full.length}, checkpoint ${t + 1} of ${models.length}.`,
      );
      checkpoints.push(await scoresAt(scoring, `seed-${r + 1}-checkpoint-${t + 1}`, model));
    }
    bySeed.push(checkpoints);
  }
  // One series a probe document at every checkpoint.
  const joint = (kind: keyof CheckpointScores, seeds: readonly (readonly CheckpointScores[])[]) =>
    probes.map((_, q) => {
      const each = seeds.map((checkpoints) => {
        const scores = checkpoints.map((scores) => scores[kind][q] as readonly number[]);
        const sources = candidates.map(({ group }) => group);
        return jointInfluence(sources, [{ capability: `document ${q}`, sources: [], checkpoints: scores }])
          .joint;
      });
      return candidates.map((_, x) => meanOf(each.map((scores) => scores[x] as number)));
    });
  const scores = joint("influence", bySeed);
  return [
    { method: "influence", scores },
    { method: "influence, one proxy", scores: joint("influence", bySeed.slice(0, 1)) },
    {
      method: "influence, last checkpoint",
      scores: joint("influence", bySeed.map((checkpoints) => checkpoints.slice(-1))),
    },
    {
      method: "influence, source means",
      scores: scores.map((of) => sourceMeans(of, candidates.map(({ group }) => group))),
    },
    { method: "gradient product", scores: joint("gradientProduct", bySeed) },
  ];
}

/** Each candidate's score replaced by the mean of its source's. */
function sourceMeans(scores: readonly number[], sources: readonly string[]): number[] {
  const means = new Map(
    [...new Set(sources)].map((source) => [source, meanOf(scores.filter((_, x) => sources[x] === source))]),
  );
  return sources.map((source) => means.get(source) as number); // Every source has one.
}
