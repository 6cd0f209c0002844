/**
 * The report on training: stages, curves, capabilities, samples, time.
 * @module
 */
import { formatDuration } from "../../core/progress.ts";
import type { StepMetrics } from "../../train/metrics.ts";
import { learningRateChart, throughputChart } from "../course_charts.ts";
import { formatInteger, formatPerplexity } from "../format.ts";
import { lossChart } from "../loss_chart.ts";
import { type Markup, markup } from "../markup.ts";
import { ofCapabilities, probeChart } from "../probe_chart.ts";
import type { ReportProbe, ReportSample, ReportStage, RunReport } from "../run_report.ts";
import { compareDomains } from "../theme.ts";
import { timeChart } from "../time_chart.ts";
import { stageKey, timeline } from "../timeline.ts";
import { figure, type Origin, type Section, table } from "./parts.ts";

const METRICS: Origin = { kind: "own", source: "metrics of the run" };
const HALF = 410;

/** Stages, loss curves, schedule and speed. */
export async function trainingSection({ stages, metrics }: RunReport): Promise<Section> {
  const section = { id: "training", title: "Training", lead: "The stages in order, and how the loss fell." };
  if (stages.length === 0) return { ...section, content: [] };
  const steps = metrics.filter((entry): entry is StepMetrics => entry.kind === "step");
  const loss = (value: number | null) => value === null ? "–" : value.toFixed(2);
  const content = [
    table<ReportStage>("Loss in nats per token. “Done before”: found finished and unchanged.", METRICS, [
      { title: "Stage", cell: ({ title }) => title },
      { title: "Tokens", cell: ({ tokens }) => tokens === null ? "–" : formatInteger(tokens), numeric: true },
      { title: "First loss", cell: ({ lossFirst }) => loss(lossFirst), numeric: true },
      { title: "Last loss", cell: ({ lossLast }) => loss(lossLast), numeric: true },
      { title: "Seconds", cell: ({ seconds }) => seconds.toFixed(1), numeric: true, wideOnly: true },
      { title: "Status", cell: ({ skipped }) => skipped ? "done before" : "run", wideOnly: true },
    ], stages),
  ];
  if (steps.length > 0) {
    const key = stageKey(timeline(stages, steps));
    content.push(
      await figure(
        "Loss in nats per token: mean of neighbouring steps, over their range.",
        METRICS,
        (width) => lossChart(stages, steps, width),
      ),
      markup`<div class="pair">${await Promise.all([
        figure(`Learning rate. ${key}`, METRICS, (width) => learningRateChart(stages, steps, width), HALF),
        figure(`Speed. ${key}`, METRICS, (width) => throughputChart(stages, steps, width), HALF),
      ])}</div>`,
    );
  }
  return { ...section, content };
}

/** Perplexity of each capability against the unigram model. */
export async function capabilitiesSection({ stages, metrics, probes }: RunReport): Promise<Section> {
  const measurements = ofCapabilities(metrics, probes);
  const content: Markup[] = [];
  if (probes.length > 0) {
    content.push(table<ReportProbe>(
      "Perplexity on held-out text; the unigram model knows only how frequent each token is.",
      METRICS,
      [
        { title: "Capability", cell: ({ name }) => name },
        { title: "Perplexity", cell: ({ perplexity }) => formatPerplexity(perplexity), numeric: true },
        { title: "Unigram", cell: ({ unigram }) => formatPerplexity(unigram), numeric: true },
        {
          title: "Times better",
          cell: ({ perplexity, unigram }) => `${(unigram / perplexity).toFixed(1)}×`,
          numeric: true,
        },
      ],
      probes.toSorted((a, b) => compareDomains(a.name, b.name)),
    ));
  }
  if (measurements.length > 0) {
    content.push(
      await figure(
        `Perplexity on a logarithmic scale. ${stageKey(timeline(stages, measurements))}`,
        METRICS,
        (width) => probeChart(stages, measurements, probes, width),
      ),
    );
  }
  return { id: "capabilities", title: "Capabilities", lead: "What the model learned, by domain.", content };
}

/** What the model writes; prompts set apart. */
export function samplesSection({ samples, stages }: RunReport): Section {
  const title = (stage: string) => stages.find(({ name }) => name === stage)?.title ?? stage;
  const sample = ({ stage, prompt, text }: ReportSample) =>
    markup`<blockquote><p class="stage">after ${title(stage)}</p>
<pre><span class="prompt">${prompt}</span>${text}</pre></blockquote>
`;
  return {
    id: "samples",
    title: "What the model writes",
    lead: "The prompt is marked, the rest is the model’s. Sampled, not selected.",
    content: samples.map(sample),
  };
}

/** Where the time went. */
export async function timeSection({ stages }: RunReport): Promise<Section> {
  const ran = stages.filter(({ skipped }) => !skipped).reduce((sum, { seconds }) => sum + seconds, 0);
  const chart = () =>
    figure(
      "Time of each stage; hollow bars took theirs in an earlier run.",
      { kind: "own", source: "clock of the run" },
      (width) => timeChart(stages, width),
    );
  return {
    id: "time",
    title: "Time",
    lead: `The stages of this run took ${formatDuration(ran)}.`,
    content: stages.length === 0 ? [] : [await chart()],
  };
}
