/**
 * Stage "midtrain": what the rounds of mid-training did: influence.json (the paper's Fig 8) and curves.json (Fig 9), both as charts in
 * charts/ too, RankMe of every checkpoint (Eq 9), and which way the switches stood.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../core/artefacts.ts";
import { readJsonLines } from "../../core/lines.ts";
import { compressionHistogram, type StageInfluence } from "../../figures/compression_histogram.ts";
import { distillationChart, type MidtrainingPoint } from "../../figures/distillation_chart.ts";
import { writeChart } from "../../figures/render.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import { type RankMe, rankMeOf } from "../../train/rank_me.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type CompressionResult, POOL_SCORES_FILE, type PoolScore } from "./compression.ts";
import type { CorpusResult } from "./corpus.ts";
import type { PoolResult } from "./pool.ts";
import type { ShardsResult } from "./shards.ts";
import { modelPath, openProbes, type TrainingResult } from "./training.ts";

/** Files of the stage. */
export const POOL_INFLUENCE_FILE = "influence.json";
export const CURVES_FILE = "curves.json";

const CHARTS = "charts";

/** What is summed up. */
export interface MidtrainingSummaryInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly shards: FinishedStage<ShardsResult>;
  readonly pool: FinishedStage<PoolResult>;
  readonly pretrained: FinishedStage<TrainingResult>;
  readonly rounds: readonly {
    readonly compression: FinishedStage<CompressionResult>;
    readonly trained: FinishedStage<TrainingResult> | null;
    readonly original: FinishedStage<TrainingResult> | null;
  }[];
  /** Why there was no further round. */
  readonly stopped: string;
}

/** The stage's result. */
export interface MidtrainingSummary {
  readonly stopped: string;
  readonly rounds: readonly (Pick<CompressionResult, "documents" | "kept" | "positiveShare" | "sources"> & {
    readonly trained: boolean;
  })[];
  /** null: none, cross-entropy alone. */
  readonly teacher: Omit<Recipe["midtrain"]["teacher"], "cache"> | null;
  readonly benchmarkTrainSets: {
    readonly included: boolean;
    /** Of the last stage's tokens; 0: not included. */
    readonly share: number;
    readonly names: readonly string[];
  };
  /** Of the pretrained model and of each stage's, on each capability. */
  readonly rankMe: readonly (RankMe & { readonly stage: string })[];
}

/** The stage at the end of mid-training. */
export function midtrainingSummaryStage(
  recipe: Recipe,
  inputs: MidtrainingSummaryInputs,
): Stage<MidtrainingSummary> {
  const { seed, probeTokens, midtrain: { teacher, compression, rankMeRows, length, benchmarkTrainSets } } =
    recipe;
  const { shards, pool, pretrained, rounds, stopped } = inputs;
  const read = [shards, pool, pretrained, ...rounds.flatMap(stagesOf)];
  return {
    name: "midtrain",
    recipe: { seed, probeTokens, teacher, compression, rankMeRows, length, benchmarkTrainSets, stopped },
    inputs: Object.fromEntries(read.map(({ manifest: { stage, digest } }) => [stage, digest])),
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: (context) => summarise(recipe, inputs, context),
  };
}

function stagesOf(
  { compression, trained, original }: MidtrainingSummaryInputs["rounds"][number],
): FinishedStage<unknown>[] {
  return [compression, ...(trained === null ? [] : [trained]), ...(original === null ? [] : [original])];
}

async function summarise(
  recipe: Recipe,
  { corpus, shards, pretrained, rounds, stopped }: MidtrainingSummaryInputs,
  { directory, signal }: StageContext,
): Promise<MidtrainingSummary> {
  const {
    midtrain: { teacher: { cache: _, ...teacher }, compression, rankMeRows, length, benchmarkTrainSets },
  } = recipe;
  const influence = await poolInfluence(rounds.map(({ compression }) => compression));
  await writeJson(join(directory, POOL_INFLUENCE_FILE), influence);
  await writeChart(join(directory, CHARTS), "influence", compressionHistogram(influence));
  const kept = rounds.flatMap(({ trained }) => trained ?? []);
  const original = rounds.flatMap(({ original }) => original ?? []);
  const taught = teacher.address !== null;
  const curves = [
    ...await curveOf("original", taught, original),
    ...await curveOf("sub-sampled", taught, kept),
  ];
  if (curves.length > 0) {
    await writeJson(join(directory, CURVES_FILE), curves);
    await writeChart(join(directory, CHARTS), "curves", distillationChart(curves));
  }

  const probes = await openProbes(recipe, corpus, shards, length);
  const rankMe: (RankMe & { stage: string })[] = [];
  for (const stage of [pretrained, ...kept]) {
    signal.throwIfAborted();
    const model = await loadModel(modelPath(stage));
    for (const probe of probes) {
      rankMe.push({ stage: stage.manifest.stage, ...rankMeOf(model, probe, rankMeRows) });
    }
  }
  // They are in the last of all stages, which may not be reached.
  const included = benchmarkTrainSets.include && kept.length === compression.stages;
  return {
    stopped,
    rounds: rounds.map(({ compression, trained }) => {
      const { documents, kept, positiveShare, sources } = compression.manifest.result;
      return { documents, kept, positiveShare, sources, trained: trained !== null };
    }),
    teacher: taught ? teacher : null,
    benchmarkTrainSets: included
      ? { included, share: benchmarkTrainSets.share, names: Object.keys(benchmarkTrainSets.files) }
      : { included, share: 0, names: [] },
    rankMe,
  };
}

/** Every round's scores in the unit of the first: the root mean square of a capability's there. */
async function poolInfluence(
  rounds: readonly FinishedStage<CompressionResult>[],
): Promise<StageInfluence[]> {
  const units = new Map<string, number>();
  const influence: StageInfluence[] = [];
  for (const [i, { directory }] of rounds.entries()) {
    const lines = await Array.fromAsync(readJsonLines<PoolScore>(join(directory, POOL_SCORES_FILE)));
    for (const capability of Object.keys(lines[0]?.influence ?? {})) {
      const scores = lines.map((line) => line.influence[capability] ?? NaN); // One a line.
      const unit = units.get(capability) ??
        (Math.sqrt(scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length) || 1);
      units.set(capability, unit);
      influence.push(...scores.map((score) => ({ stage: i + 1, capability, influence: score / unit })));
    }
  }
  return influence;
}

/** The probing sets' losses over the updates of stages one after another. */
async function curveOf(
  data: MidtrainingPoint["data"],
  teacher: boolean,
  stages: readonly FinishedStage<TrainingResult>[],
): Promise<MidtrainingPoint[]> {
  const points: MidtrainingPoint[] = [];
  let before = 0;
  for (const { directory } of stages) {
    const metrics = await readMetrics(join(directory, METRICS_FILE));
    for (const entry of metrics) {
      // A stage's first scores are the last ones of the stage before.
      if (entry.kind !== "probe" || (before > 0 && entry.step === 0)) continue;
      const { probe, step, negativeLogLikelihood } = entry;
      points.push({ data, teacher, probe, step: before + step, negativeLogLikelihood });
    }
    before += metrics.at(-1)?.step ?? 0;
  }
  return points;
}
