/**
 * Figures 6 to 11, whose values the paper does not print: drawn from a run of our own.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { loadPaperTable, paperRecords } from "../../catalog/published.ts";
import { comparisonChart } from "../comparison_chart.ts";
import { compressionHistogram } from "../compression_histogram.ts";
import { distillationChart } from "../distillation_chart.ts";
import type { LeaveOneOutImpact } from "../mixing_report.ts";
import { probeChart } from "../probe_chart.ts";
import { stageKey, timeline } from "../timeline.ts";
import { WIDE } from "../theme.ts";
import { framed, notDrawn, publishedOrigin } from "./frame.ts";
import { type Drawing, type Figure, paperFigure, type PaperItem } from "./item.ts";
import { LEAVE_ONE_OUT_WIDTH, leaveOneOutLines } from "./leave_one_out_lines.ts";
import { ownOrigins, type PaperRun, type Part } from "./paper_run.ts";
import { type PublishedReward, rewardChart } from "./reward_chart.ts";

/** In the paper's order. */
export const RUN_FIGURES: readonly PaperItem[] = [
  ofRun(
    "Figure 6",
    "Leaving a source out",
    (run) => run.leaveOneOut,
    ({ impacts, domains }) => leaveOneOutLines(impacts, domains),
    ({ impacts }) =>
      "Rise of the loss in nats per token over updates, a line a source that was left out: above 0 the source helps. " +
      `${seedsOf(impacts)} The paper shows normalised losses instead.`,
    LEAVE_ONE_OUT_WIDTH,
  ),
  ofRun(
    "Figure 7",
    "The mixture against equal shares",
    (run) => run.comparison,
    (losses) => comparisonChart(losses),
    () => "Perplexity of held-out text, logarithmic, over updates. The paper asks benchmarks\u2019 texts.",
  ),
  ofRun(
    "Figure 8",
    "Influence before the rounds of mid-training",
    (run) => run.poolInfluence,
    (scores) => compressionHistogram(scores),
    () =>
      "Percent of the pool by influence on each capability; right of the line a document still helps. " +
      "Filled: before the first round; outlined: before the last.",
  ),
  ofRun(
    "Figure 9",
    "Mid-training on what helps and on everything",
    (run) => run.midtraining,
    (points) => distillationChart(points),
    () =>
      "Perplexity of held-out text, logarithmic, over updates; solid: with a teacher. The paper shows MMLU.",
  ),
  paperFigure("Figure 10", "Reinforcement learning", rewards),
  ofRun(
    "Figure 11",
    "Perplexity along training",
    (run) => run.course,
    ({ stages, measurements }) => probeChart(stages, measurements, []),
    ({ stages, measurements }) =>
      `Perplexity, logarithmic, over tokens: ${stageKey(timeline(stages, measurements))}. ` +
      "The paper asks HumanEval and GSM8K.",
  ),
];

function seedsOf(impacts: readonly LeaveOneOutImpact[]): string {
  const seeds = Math.max(...impacts.map(({ seeds }) => seeds));
  return seeds === 1 ? "One seed." : `Means of ${seeds} seeds.`;
}

/** A figure of one part of a run. */
function ofRun<Value>(
  place: string,
  title: string,
  partOf: (run: PaperRun) => Part<Value>,
  chart: (value: Value) => TopLevelSpec,
  lead: (value: Value) => string,
  width = WIDE,
): PaperItem {
  const draw = (run: PaperRun): Drawing => {
    const part = partOf(run), origins = ownOrigins(part);
    if (part.made === null) {
      return { spec: notDrawn(place, title, part.command), origins, lacks: part.command };
    }
    const caption = { place, title, lead: lead(part.made.value), origins };
    return { spec: framed(chart(part.made.value), caption, width), origins, lacks: null };
  };
  return { place, title, draw: (run) => Promise.resolve(draw(run)) };
}

/** The ends of the curves are printed, in the text; the curves are our own. */
async function rewards({ reward }: PaperRun): Promise<Figure> {
  const table = await loadPaperTable("fig10_points");
  const published = paperRecords(table).flatMap((row): PublishedReward[] => {
    const step = Number(row["step"]), model = row["start"] === "base" ? "base" : "fine-tuned";
    return [["text", row["gsm8k"]], ["Table 7", row["gsm8k_table7"]]].flatMap(([where, value]) =>
      typeof value === "number"
        ? [{ label: `${model}, ${where}: ${value.toFixed(1)}`, step, accuracy: value }]
        : []
    );
  });
  const own = reward.made === null
    ? `This makes our own: ${reward.command}`
    : "Lines: our own, on held-out problems; solid from a base, dashed from a fine-tuned model.";
  return {
    chart: rewardChart(reward.made?.value ?? [], published),
    lead: `Hollow: what the paper prints, of a 950M model on GSM8K; its curves are not printed. ${own}`,
    origins: [publishedOrigin(table), ...ownOrigins(reward)],
    lacks: reward.made === null ? reward.command : null,
  };
}
