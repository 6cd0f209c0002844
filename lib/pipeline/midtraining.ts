/**
 * Mid-training from end to end: score the pool with the current model, keep what helps, train on it, and again (the paper's Eqs 7, 8).
 * @module
 */
import { type Mixture, proportionalMixture } from "../core/mixture.ts";
import { stopReason } from "../mixture/compression.ts";
import type { Recipe } from "./recipe.ts";
import type { FinishedStage, Stage } from "./stage.ts";
import { type CompressionResult, compressionStage } from "./stages/compression.ts";
import type { CorpusResult } from "./stages/corpus.ts";
import type { CurationResult } from "./stages/curation.ts";
import { midtrainingStage } from "./stages/midtraining.ts";
import { BENCHMARK_TRAIN_SOURCE, type PoolResult, poolStage } from "./stages/pool.ts";
import { type MidtrainingSummary, midtrainingSummaryStage } from "./stages/midtraining_summary.ts";
import type { ShardsResult } from "./stages/shards.ts";
import type { TrainingResult, TrainingStage } from "./stages/training.ts";

/** A round: what was kept, and what was trained on it. */
export interface MidtrainingRound {
  readonly compression: FinishedStage<CompressionResult>;
  /** null: it ended here. */
  readonly trained: FinishedStage<TrainingResult> | null;
  /** The same on the whole pool; null: the recipe does not ask for it, or it ended here. */
  readonly original: FinishedStage<TrainingResult> | null;
}

/** Everything that mid-training made. */
export interface Midtraining {
  readonly pool: FinishedStage<PoolResult>;
  readonly rounds: readonly MidtrainingRound[];
  /** The last stage that was trained, or the pretrained model where there was none. */
  readonly model: FinishedStage<TrainingResult>;
  readonly summary: FinishedStage<MidtrainingSummary>;
}

/** What mid-training asks of its run. */
export interface MidtrainingRun {
  readonly name: string;
  readonly recipe: Recipe;
  corpus(): Promise<FinishedStage<CorpusResult>>;
  shards(): Promise<FinishedStage<ShardsResult>>;
  curation(): Promise<FinishedStage<CurationResult>>;
  stage<Result>(
    name: string,
    make: () => Stage<Result> | Promise<Stage<Result>>,
  ): Promise<FinishedStage<Result>>;
  training(name: string, make: () => Promise<TrainingStage>): Promise<FinishedStage<TrainingResult>>;
}

/** Runs the rounds that are not done. */
export async function runMidtraining(
  run: MidtrainingRun,
  pretrained: FinishedStage<TrainingResult>,
): Promise<Midtraining> {
  const { recipe, name } = run;
  const { compression: rule, benchmarkTrainSets } = recipe.midtrain;
  const [corpus, shards, curation] = [await run.corpus(), await run.shards(), await run.curation()];
  const pool = await run.stage("pool", () => poolStage(recipe, shards));
  const wholePool = { stage: pool, sources: pool.manifest.result.sources.map(({ source }) => source) };
  const benchmarks = { stage: pool, sources: [BENCHMARK_TRAIN_SOURCE] };
  const raw = proportionalMixture(
    // What does not fill a sequence and its last target cannot be trained on.
    pool.manifest.result.sources.filter(({ tokens }) => tokens > recipe.midtrain.length)
      .map(({ source, tokens }) => ({ name: source, tokens })),
    recipe.tokenizer,
  );
  const rounds: MidtrainingRound[] = [];
  let model = pretrained, original = pretrained, stopped: string | undefined;
  for (let round = 1; stopped === undefined; round++) {
    const compression = await run.stage(
      `compression-${round}`,
      () => compressionStage(name, round, recipe, { curation, pool, model }),
    );
    const { mixture, positiveShare, sources } = compression.manifest.result;
    stopped = stopReason({ positiveShare }, round - 1, rule) ??
      (mixture === null ? "no source has enough left for one sequence" : undefined);
    if (stopped !== undefined || mixture === null) {
      rounds.push({ compression, trained: null, original: null });
      break;
    }
    const isLast = round === rule.stages;
    const share = isLast && benchmarkTrainSets.include ? benchmarkTrainSets.share : 0;
    const kept = { stage: compression, sources: sources.map(({ source }) => source) };
    const train = (
      stage: string,
      own: Mixture,
      start: FinishedStage<TrainingResult>,
      from: typeof kept | typeof wholePool,
    ) =>
      run.training(stage, () =>
        midtrainingStage(stage, recipe, {
          ...{ corpus, shards, model: start, mixture: withBenchmarks(own, share) },
          data: share > 0 ? [from, benchmarks] : [from],
        }));
    const before = model;
    model = await train(`midtrain-${round}`, mixture, before, kept);
    if (rule.original) original = await train(`midtrain-${round}-original`, raw, original, wholePool);
    rounds.push({ compression, trained: model, original: rule.original ? original : null });
    // Nothing is trained after the last round: no need to score again.
    if (isLast) stopped = stopReason({ positiveShare }, round, rule);
  }
  const summary = await run.stage(
    "midtrain",
    () =>
      midtrainingSummaryStage(recipe, { corpus, shards, pool, pretrained, rounds, stopped: stopped ?? "" }),
  );
  return { pool, rounds, model, summary };
}

/** A mixture with a share of the benchmarks' train sets beside it. */
function withBenchmarks(mixture: Mixture, share: number): Mixture {
  if (share === 0) return mixture;
  const sources = mixture.sources.map(({ name, weight }) => ({
    name,
    weight: weight * (1 - share),
    printed: weight * (1 - share),
  }));
  return {
    ...mixture,
    sources: [...sources, { name: BENCHMARK_TRAIN_SOURCE, weight: share, printed: share }],
  };
}
