/**
 * Stage "report": charts as Vega-Lite JSON and SVG, and one HTML file that opens offline.
 * @module
 */
import { join } from "node:path";
import { fingerprint, writeFileAtomic } from "../../core/artefacts.ts";
import { describeMachine, peakMemoryMB } from "../../core/machine.ts";
import type { Mixture } from "../../core/mixture.ts";
import { comparisonChart } from "../../figures/comparison_chart.ts";
import { funnelChart } from "../../figures/funnel_chart.ts";
import { influenceHistogram } from "../../figures/influence_histogram.ts";
import { leaveOneOutChart } from "../../figures/leave_one_out_chart.ts";
import { lossChart } from "../../figures/loss_chart.ts";
import type { MixingReport } from "../../figures/mixing_report.ts";
import { mixturesChart } from "../../figures/mixtures_chart.ts";
import { ofCapabilities, probeChart } from "../../figures/probe_chart.ts";
import { publishedPretrainingMixture } from "../../figures/published.ts";
import { writeChart } from "../../figures/render.ts";
import { renderReport } from "../../figures/report.ts";
import type { ReportStage, RunReport } from "../../figures/run_report.ts";
import { sourcesChart } from "../../figures/sources_chart.ts";
import { validationChart } from "../../figures/validation_chart.ts";
import { weightsChart } from "../../figures/weights_chart.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import { collectMixing, type MixingInputs } from "./report_mixing.ts";
import { collectFineTuning, collectMidtraining, type TrainingInputs } from "./report_training.ts";
import type { EvaluationResult } from "./evaluation.ts";
import type { TrainingResult } from "./training.ts";

/** Everything that the report tells. */
export interface ReportInputs extends TrainingInputs {
  readonly run: string;
  readonly corpus: FinishedStage<CorpusResult>;
  readonly mixtures: readonly { readonly stage: string; readonly mixture: Mixture }[];
  /** Stages that go on from each other; what was only trained to be compared is in `mixing`. */
  readonly training: readonly FinishedStage<TrainingResult>[];
  readonly evaluation: FinishedStage<EvaluationResult>;
  readonly mixing: MixingInputs;
  /** All finished stages, in the order they ran. */
  readonly stages: readonly FinishedStage<unknown>[];
}

/** The report's file in the stage's directory. */
export const REPORT_FILE = "report.html";

const TITLES: Readonly<Record<string, string>> = {
  "corpus": "Corpus",
  "curation": "Curation",
  "shards": "Token shards",
  "leave-one-out-1": "Leave-one-out, one seed",
  "domain-proxies": "Domain proxies",
  "influence": "Influence",
  "pretrain-1-uniform": "Pretraining, phase 1, on equal shares",
  "pretrain-1": "Pretraining, phase 1",
  "pretrain-2": "Pretraining, phase 2",
  "pool": "Pool of mid-training",
  "compression-1": "Compression, round 1",
  "midtrain-1": "Mid-training, round 1",
  "midtrain-1-original": "Mid-training on the whole pool, round 1",
  "compression-2": "Compression, round 2",
  "midtrain-2": "Mid-training, round 2",
  "midtrain-2-original": "Mid-training on the whole pool, round 2",
  "midtrain": "Mid-training, summary",
  "sft": "Supervised fine-tuning",
  "reasoning": "Supervised fine-tuning, reasoning",
  "evaluation": "Evaluation",
  "catalog": "Catalogue",
};

/** The stage at the end of a run. */
export function reportStage(recipe: Recipe, inputs: ReportInputs): Stage<null> {
  const { mixing: { validation }, distillation } = inputs;
  return {
    name: "report",
    recipe: { run: inputs.run, recipe, mixtures: inputs.mixtures },
    inputs: Object.fromEntries([
      ...inputs.stages.map(({ manifest }) => [manifest.stage, manifest.digest]),
      // All that a validation makes has timings, and yet it is what is told.
      ...(validation ? [["validation", fingerprint(validation.manifest.outputs)]] : []),
      ...(distillation ? [["distillation", distillation.manifest.digest]] : []),
    ]),
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
    probeChart(stages, ofCapabilities(metrics, probes), probes),
  );
  if (report.mixing !== null) await writeMixingCharts(charts, report.mixing, domains);
  await writeFileAtomic(join(directory, REPORT_FILE), await renderReport(report));
  return null;
}

/** The way to the mixture. */
async function writeMixingCharts(
  charts: string,
  { funnel, leaveOneOut, influence, validation, weights, comparison }: MixingReport,
  domains: ReadonlyMap<string, string>,
): Promise<void> {
  await writeChart(charts, "funnel", funnelChart(funnel));
  await writeChart(charts, "leave-one-out", leaveOneOutChart(leaveOneOut));
  await writeChart(charts, "influence", influenceHistogram(influence));
  if (validation !== null) await writeChart(charts, "validation", validationChart(validation));
  await writeChart(
    charts,
    "weights",
    weightsChart(weights.map((row) => ({ ...row, domain: domains.get(row.source) }))),
  );
  await writeChart(charts, "comparison", comparisonChart(comparison));
}

async function collect(recipe: Recipe, inputs: ReportInputs): Promise<RunReport> {
  const { run, corpus, mixtures, training, evaluation, stages } = inputs;
  const trained = new Map(
    [...Object.values(inputs.mixing.compared), ...training].map(({ manifest }) => [
      manifest.stage,
      manifest.result,
    ]),
  );
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
    cloze: evaluation.manifest.result.cloze,
    samples: evaluation.manifest.result.samples,
    manifests: stages.map(({ manifest: { stage, fingerprint, outputs } }) => ({
      stage,
      fingerprint,
      outputs,
    })),
    recipe,
    published: await publishedPretrainingMixture(),
    mixing: await collectMixing(inputs.mixing),
    midtraining: await collectMidtraining(inputs),
    fineTuning: collectFineTuning(inputs),
  };
}
