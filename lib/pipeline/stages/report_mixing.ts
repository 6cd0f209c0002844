/**
 * What the report says about the way to a mixture, from the stages that went it.
 * @module
 */
import { join } from "node:path";
import { readJsonLines } from "../../core/lines.ts";
import type { Mixture } from "../../core/mixture.ts";
import type { ComparisonLoss, InfluenceScore, MixingReport } from "../../figures/mixing_report.ts";
import { jointInfluence } from "../../mixture/joint.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { FinishedStage } from "../stage.ts";
import type { CurationResult } from "./curation.ts";
import { type CandidateScores, type InfluenceResult, SCORES_FILE } from "./influence.ts";
import type { LeaveOneOutResult } from "./leave_one_out.ts";
import type { ShardsResult } from "./shards.ts";
import type { TrainingResult } from "./training.ts";
import { VALIDATION_FILE, type ValidationResult } from "./validation.ts";

/** The stages. */
export interface MixingInputs {
  readonly curation: FinishedStage<CurationResult>;
  readonly shards: FinishedStage<ShardsResult>;
  readonly leaveOneOut: FinishedStage<LeaveOneOutResult>;
  readonly influence: FinishedStage<InfluenceResult>;
  /** undefined: nobody asked for one. */
  readonly validation: FinishedStage<ValidationResult> | undefined;
  /** The same training on mixtures that differ, by the mixtures' names. */
  readonly compared: Readonly<Record<string, FinishedStage<TrainingResult>>>;
}

/** Collects it. */
export async function collectMixing(inputs: MixingInputs): Promise<MixingReport> {
  const { curation, leaveOneOut, influence, validation, compared } = inputs;
  const comparison: ComparisonLoss[] = [];
  for (const [mixture, { directory, manifest: { recipe } }] of Object.entries(compared)) {
    for (const entry of await readMetrics(join(directory, METRICS_FILE))) {
      if (entry.kind !== "probe") continue;
      const { probe, step, negativeLogLikelihood } = entry;
      comparison.push({ mixture, probe, step, negativeLogLikelihood, seed: seedOf(recipe) });
    }
  }
  return {
    funnel: curation.manifest.result.funnel,
    leaveOneOut: leaveOneOut.manifest.result.impacts,
    influence: await influenceScores(influence, curation),
    validation: validation === undefined
      ? null
      : JSON.parse(await Deno.readTextFile(join(validation.directory, VALIDATION_FILE))),
    weights: weightsOf(inputs),
    comparison,
  };
}

function seedOf(recipe: unknown): number {
  return (recipe as { readonly seed: number }).seed; // What training stages depend on has it.
}

/** Every candidate's influence on each capability over its checkpoints, self and cross. */
async function influenceScores(
  influence: FinishedStage<InfluenceResult>,
  curation: FinishedStage<CurationResult>,
): Promise<InfluenceScore[]> {
  const lines = await Array.fromAsync(
    readJsonLines<CandidateScores>(join(influence.directory, SCORES_FILE)),
  );
  const sources = lines.map(({ source }) => source);
  return Object.entries(curation.manifest.result.probing).flatMap(([capability, own]) => {
    const count = lines[0]?.influence[capability]?.length ?? 0;
    const checkpoints = Array.from(
      { length: count },
      (_, t) => lines.map(({ influence }) => influence[capability]?.[t] ?? NaN),
    );
    const { joint } = jointInfluence(sources, [{ capability, sources: own, checkpoints }]);
    return lines.map(({ source }, x) => ({
      source,
      capability,
      checkpoint: "joint" as const,
      kind: own.includes(source) ? "self" as const : "cross" as const,
      influence: joint[x] as number, // One a line.
    }));
  });
}

/** The sources' shares by every method. */
function weightsOf({ shards, leaveOneOut, influence }: MixingInputs): MixingReport["weights"] {
  const sizes = shards.manifest.result.train;
  const all = sizes.reduce((sum, { tokens }) => sum + tokens, 0);
  const weightOf = ({ sources }: Mixture, source: string) =>
    sources.find(({ name }) => name === source)?.weight ?? 0;
  return sizes.map(({ source, tokens }) => ({
    source,
    influence: weightOf(influence.manifest.result.mixture, source),
    uniform: 1 / sizes.length,
    tokens: tokens / all,
    leaveOneOut: weightOf(leaveOneOut.manifest.result.mixture, source),
  }));
}
