/**
 * Loss curves of all stages.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { StepMetrics } from "../train/metrics.ts";
import { binned } from "./bins.ts";
import { FIXED_Y_AXIS, panels, type PanelSize, tokensAxis } from "./panels.ts";
import type { ReportStage } from "./run_report.ts";
import { FAMILY_COLOURS, type View, WIDE } from "./theme.ts";

const BINS = 80;

/**
 * A panel a stage, all on one vertical scale: the mean loss of neighbouring steps in nats per token, over their range.
 * Stages without steps have no panel.
 */
export function lossChart(
  stages: readonly Pick<ReportStage, "name" | "title" | "lossFirst" | "lossLast">[],
  steps: readonly Pick<StepMetrics, "stage" | "tokens" | "loss">[],
  width = WIDE,
): TopLevelSpec {
  const curves = stages.map((stage) => ({
    stage,
    bins: binned(
      steps.filter((step) => step.stage === stage.name).map(({ tokens, loss }) => ({ tokens, value: loss })),
      BINS,
    ),
  })).filter(({ bins }) => bins.length > 0);
  const all = curves.flatMap(({ bins }) => bins);
  const low = Math.min(...all.map((bin) => bin.low)), high = Math.max(...all.map((bin) => bin.high));
  const margin = 0.05 * (high - low) || 0.5;

  const draw = curves.map(({ stage, bins }) => (size: PanelSize): View => ({
    ...size,
    title: { text: stage.title, subtitle: fromTo(stage) },
    data: { values: bins },
    layer: [
      {
        mark: { type: "area", opacity: 0.18, color: FAMILY_COLOURS.own },
        encoding: {
          x: tokensAxis(bins.at(-1)?.tokens ?? 1),
          y: {
            field: "low",
            type: "quantitative",
            scale: { domain: [low - margin, high + margin], nice: false, zero: false },
            axis: { ...FIXED_Y_AXIS, tickCount: 4 },
          },
          y2: { field: "high" },
        },
      },
      {
        mark: { type: "line", color: FAMILY_COLOURS.own },
        encoding: {
          x: { field: "tokens", type: "quantitative" },
          y: { field: "mean", type: "quantitative" },
        },
      },
    ],
  }));
  return panels("Loss in nats per token over training tokens, a panel a stage.", draw, width);
}

function fromTo({ lossFirst, lossLast }: Pick<ReportStage, "lossFirst" | "lossLast">): string {
  return lossFirst === null || lossLast === null ? "" : `${lossFirst.toFixed(2)} → ${lossLast.toFixed(2)}`;
}
