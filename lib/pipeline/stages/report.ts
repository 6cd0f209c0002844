/**
 * Stage "report": charts as Vega-Lite JSON and SVG, and one HTML file that opens offline.
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../core/artefacts.ts";
import { describeMachine, peakMemoryMB } from "../../core/machine.ts";
import type { Mixture } from "../../core/mixture.ts";
import { lossChart } from "../../figures/loss_chart.ts";
import { mixturesChart } from "../../figures/mixtures_chart.ts";
import { probeChart } from "../../figures/probe_chart.ts";
import { publishedPretrainingMixture } from "../../figures/published.ts";
import { writeChart } from "../../figures/render.ts";
import { renderReport } from "../../figures/report.ts";
import type { ReportStage, RunReport } from "../../figures/run_report.ts";
import { sourcesChart } from "../../figures/sources_chart.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import type { EvaluationResult } from "./evaluation.ts";
import type { TrainingResult } from "./training.ts";

/** Everything that the report tells. */
export interface ReportInputs {
  readonly run: string;
  readonly corpus: FinishedStage<CorpusResult>;
  readonly mixtures: readonly { readonly stage: string; readonly mixture: Mixture }[];
  readonly training: readonly FinishedStage<TrainingResult>[];
  readonly evaluation: FinishedStage<EvaluationResult>;
  /** All finished stages, in the order they ran. */
  readonly stages: readonly FinishedStage<unknown>[];
}

/** The report's file in the stage's directory. */
export const REPORT_FILE = "report.html";

const TITLES: Readonly<Record<string, string>> = {
  "corpus": "Corpus",
  "shards": "Token shards",
  "pretrain-1": "Pretraining, phase 1",
  "pretrain-2": "Pretraining, phase 2",
  "sft": "Supervised fine-tuning",
  "evaluation": "Evaluation",
  "catalog": "Catalogue",
};

/** The stage at the end of a run. */
export function reportStage(recipe: Recipe, inputs: ReportInputs): Stage<null> {
  return {
    name: "report",
    recipe: { run: inputs.run, recipe, mixtures: inputs.mixtures },
    inputs: Object.fromEntries(inputs.stages.map(({ manifest }) => [manifest.stage, manifest.digest])),
    code: [new URL(import.meta.url)],
    resumable: false,
    // It tells how long everything took.
    timed: [REPORT_FILE],
    run: (context) => writeReport(recipe, inputs, context),
  };
}

async function writeReport(recipe: Recipe, inputs: ReportInputs, { directory }: StageContext): Promise<null> {
  const report = await collect(recipe, inputs);
  const { sources, stages, metrics, probes, mixtures } = report;
  const domains = new Map(sources.map(({ name, domain }) => [name, domain]));
  const charts = join(directory, "charts");
  await writeChart(charts, "sources", sourcesChart(sources));
  await writeChart(
    charts,
    "mixtures",
    mixturesChart(mixtures.flatMap(({ stage, mixture }) =>
      mixture.sources.map(({ name, weight }) => ({
        mixture: TITLES[stage] ?? stage,
        source: name,
        domain: domains.get(name),
        percent: 100 * weight,
      }))
    )),
  );
  await writeChart(charts, "loss", lossChart(stages, metrics.filter((entry) => entry.kind === "step")));
  await writeChart(
    charts,
    "perplexity",
    probeChart(stages, metrics.filter((entry) => entry.kind === "probe"), probes),
  );
  await writeFileAtomic(join(directory, REPORT_FILE), await renderReport(report));
  return null;
}

async function collect(recipe: Recipe, inputs: ReportInputs): Promise<RunReport> {
  const { run, corpus, mixtures, training, evaluation, stages } = inputs;
  const trained = new Map(training.map(({ manifest }) => [manifest.stage, manifest.result]));
  const corpusTokens = corpus.manifest.result.sources.reduce((sum, { tokens }) => sum + tokens, 0);
  const reportStages = stages.map(({ manifest, skipped }): ReportStage => {
    const result = trained.get(manifest.stage);
    return {
      name: manifest.stage,
      title: TITLES[manifest.stage] ?? manifest.stage,
      tokens: result?.tokens ?? (manifest.stage === "corpus" ? corpusTokens : null),
      lossFirst: result?.lossFirst ?? null,
      lossLast: result?.lossLast ?? null,
      seconds: manifest.seconds,
      skipped,
    };
  });
  return {
    run,
    createdAt: new Date().toISOString(),
    machine: describeMachine(),
    seconds: reportStages.reduce((sum, { seconds }) => sum + seconds, 0),
    peakMemoryMB: peakMemoryMB(),
    sources: corpus.manifest.result.sources,
    mixtures,
    sampling: training.flatMap(({ manifest: { stage, result } }) =>
      result.sampling.map((sampling) => ({ stage, ...sampling }))
    ),
    stages: reportStages,
    metrics: (await Promise.all(training.map(({ directory }) => readMetrics(join(directory, METRICS_FILE)))))
      .flat(),
    probes: evaluation.manifest.result.probes,
    samples: evaluation.manifest.result.samples,
    manifests: stages.map(({ manifest: { stage, fingerprint, outputs } }) => ({
      stage,
      fingerprint,
      outputs,
    })),
    recipe,
    published: await publishedPretrainingMixture(),
  };
}
