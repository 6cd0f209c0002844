/**
 * The whole workbench once, from text to report.
 * @module
 */
import { join } from "node:path";
import { peakMemoryMB } from "../core/machine.ts";
import { loadMixture } from "../mixture/load.ts";
import { sourceSpec } from "../sources/spec.ts";
import type { Recipe } from "./recipe.ts";
import { type FinishedStage, type RunSettings, runStage } from "./stage.ts";
import { catalogueStage } from "./stages/catalogue.ts";
import { corpusStage } from "./stages/corpus.ts";
import { evaluationStage, type ProbeScore } from "./stages/evaluation.ts";
import { pretrainingStage } from "./stages/pretraining.ts";
import { REPORT_FILE, reportStage } from "./stages/report.ts";
import { sftStage } from "./stages/sft.ts";
import { shardsStage } from "./stages/shards.ts";

/** What `demo --json` prints. */
export interface DemoResult {
  readonly run: string;
  /** Wall time of this call; what was done before takes none. */
  readonly seconds: number;
  readonly peakMemoryMB: number;
  readonly sources: readonly {
    readonly name: string;
    readonly domain: string;
    readonly documents: number;
    /** Llama 3 tokens. */
    readonly tokens: number;
  }[];
  readonly stages: readonly {
    readonly name: string;
    readonly tokens: number;
    readonly lossFirst: number;
    readonly lossLast: number;
    /** Done by an earlier call. */
    readonly skipped: boolean;
  }[];
  /** The pretrained model's perplexity, and the unigram model's, on each held-out probing set. */
  readonly probes: Readonly<Record<string, Pick<ProbeScore, "perplexity" | "unigram">>>;
  /** Path of the HTML report. */
  readonly report: string;
}

/**
 * Runs every stage that is not done.
 *
 * @param run Its name; everything lies under `settings.root`.
 * @throws {UsageError} for a bad recipe, source or mixture, before anything runs.
 */
export async function runDemo(run: string, recipe: Recipe, settings: RunSettings): Promise<DemoResult> {
  const started = performance.now();
  const specs = await Promise.all(recipe.sources.map(sourceSpec));
  const [mixture1, mixture2] = await Promise.all([
    loadMixture(recipe.pretrain1.mixture),
    loadMixture(recipe.pretrain2.mixture),
  ]);

  const stages: FinishedStage<unknown>[] = [];
  const finish = async <Result>(stage: Parameters<typeof runStage<Result>>[0]) => {
    const finished = await runStage(stage, settings);
    stages.push(finished);
    return finished;
  };
  const corpus = await finish(corpusStage(specs));
  const shards = await finish(shardsStage(recipe, corpus));
  const pretrain1 = await finish(
    pretrainingStage("pretrain-1", recipe, recipe.pretrain1, { corpus, shards, mixture: mixture1 }),
  );
  const pretrained = await finish(
    pretrainingStage("pretrain-2", recipe, recipe.pretrain2, {
      corpus,
      shards,
      mixture: mixture2,
      previous: pretrain1,
    }),
  );
  const fineTuned = await finish(sftStage(recipe, { corpus, shards, pretrained }));
  const evaluation = await finish(
    evaluationStage(recipe, { corpus, shards, mixture: mixture1, pretrained, fineTuned }),
  );
  const training = [pretrain1, pretrained, fineTuned];
  const mixtures = [
    { stage: "pretrain-1", mixture: mixture1 },
    { stage: "pretrain-2", mixture: mixture2 },
  ];
  await finish(catalogueStage({ run, specs, corpus, mixtures, training }));
  const report = await runStage(
    reportStage(recipe, { run, corpus, mixtures, training, evaluation, stages }),
    settings,
  );

  return {
    run,
    seconds: (performance.now() - started) / 1000,
    peakMemoryMB: peakMemoryMB(),
    sources: corpus.manifest.result.sources.map(({ name, domain, documents, tokens }) => ({
      name,
      domain,
      documents,
      tokens,
    })),
    stages: training.map(({ manifest: { stage, result: { tokens, lossFirst, lossLast } }, skipped }) => ({
      name: stage,
      tokens,
      lossFirst,
      lossLast,
      skipped,
    })),
    probes: Object.fromEntries(
      evaluation.manifest.result.probes.map((
        { name, perplexity, unigram },
      ) => [name, { perplexity, unigram }]),
    ),
    report: join(report.directory, REPORT_FILE),
  };
}
