/**
 * How the optimizer went along: its schedule and its speed, over the tokens of all stages.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { StepMetrics } from "../train/metrics.ts";
import { binned } from "./bins.ts";
import { AMOUNT_LABEL, FIXED_Y_AXIS, panels, tokensAxis } from "./panels.ts";
import type { ReportStage } from "./run_report.ts";
import { FAMILY_COLOURS, type Layer, WIDE } from "./theme.ts";
import { stageLayers, timeline } from "./timeline.ts";

const BINS_PER_STAGE = 120;

/** Learning rate over training tokens. */
export function learningRateChart(
  stages: readonly StageName[],
  steps: readonly StepMetrics[],
  width = WIDE,
): TopLevelSpec {
  return courseChart(
    stages,
    steps,
    { field: "learningRate", title: "Learning rate", label: "format(datum.value, '~g')" },
    width,
  );
}

/** Tokens per second over training tokens. */
export function throughputChart(
  stages: readonly StageName[],
  steps: readonly StepMetrics[],
  width = WIDE,
): TopLevelSpec {
  return courseChart(
    stages,
    steps,
    { field: "tokensPerSecond", title: "Tokens per second", label: AMOUNT_LABEL },
    width,
  );
}

type StageName = Pick<ReportStage, "name" | "title">;

/** A line a stage, from zero; `label` is the Vega expression of the vertical axis' labels. */
function courseChart(
  stages: readonly StageName[],
  steps: readonly StepMetrics[],
  { field, title, label }: {
    field: "learningRate" | "tokensPerSecond";
    title: string;
    label: string;
  },
  width: number,
): TopLevelSpec {
  const stretches = timeline(stages, steps);
  const lines = stretches.map(({ stage, from }): Layer => ({
    data: {
      values: binned(
        steps.filter((step) => step.stage === stage)
          .map((step) => ({ tokens: from + step.tokens, value: step[field] })),
        BINS_PER_STAGE,
      ),
    },
    mark: { type: "line", color: FAMILY_COLOURS.own },
    encoding: {
      x: tokensAxis(stretches.at(-1)?.to ?? 1),
      y: {
        field: "mean",
        type: "quantitative",
        scale: { zero: true },
        axis: { ...FIXED_Y_AXIS, tickCount: 4, labelExpr: label },
      },
    },
  }));
  return panels(`${title} over training tokens.`, [(size) => ({
    ...size,
    title: { text: title, offset: stretches.length > 1 ? 18 : 8 },
    layer: [...stageLayers(stretches), ...lines],
  })], width);
}
