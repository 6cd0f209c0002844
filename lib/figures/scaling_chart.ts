/**
 * How a training step's cost grows with a model's sizes.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { AMOUNT_LABEL, FIXED_Y_AXIS, logTicks, panels, type PanelSize } from "./panels.ts";
import { FAMILY_COLOURS, type View, WIDE } from "./theme.ts";

/** The sizes that are varied, in the order of the panels, with their titles. */
const AXES = {
  width: { title: "Width", subtitle: "feed-forward 4 × width" },
  length: { title: "Sequence length", subtitle: "as many tokens a step" },
  vocabulary: { title: "Vocabulary", subtitle: "tied embeddings" },
} as const;

/** Speed at one value of one size, the others fixed. */
export interface ScalingPoint {
  readonly axis: keyof typeof AXES;
  readonly size: number;
  readonly tokensPerSecond: number;
}

/** A panel for each size that varies: tokens per second, both axes logarithmic, all on one vertical scale. */
export function scalingChart(points: readonly ScalingPoint[], width = WIDE): TopLevelSpec {
  const speeds = points.map(({ tokensPerSecond }) => tokensPerSecond);
  const [low, high] = [Math.min(...speeds) / 1.4, Math.max(...speeds) * 1.4];
  const draw = Object.entries(AXES).map(([axis, title]) => (size: PanelSize): View => {
    const values = points.filter((point) => point.axis === axis).toSorted((a, b) => a.size - b.size);
    const sizes = values.map((point) => point.size);
    return {
      ...size,
      title: { text: title.title, subtitle: title.subtitle },
      data: { values: values.map((point) => ({ ...point, label: thousands(point.tokensPerSecond) })) },
      encoding: {
        x: {
          field: "size",
          type: "quantitative",
          scale: {
            type: "log",
            base: 2,
            domain: [(sizes[0] ?? 1) / 1.25, (sizes.at(-1) ?? 1) * 1.9],
            nice: false,
          },
          axis: {
            title: null,
            values: sizes,
            labelOverlap: true,
            labelExpr:
              "datum.value < 1000 ? datum.value : format(datum.value, datum.value < 1e4 ? '.2~s' : '.3~s')",
          },
        },
        y: {
          field: "tokensPerSecond",
          type: "quantitative",
          scale: { type: "log", domain: [low, high], nice: false },
          axis: { ...FIXED_Y_AXIS, values: logTicks(low, high), labelExpr: AMOUNT_LABEL },
        },
      },
      layer: [
        {
          mark: {
            type: "line",
            color: FAMILY_COLOURS.own,
            point: { filled: true, color: FAMILY_COLOURS.own },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 3, dy: -7, fontSize: 11 },
          encoding: { text: { field: "label", type: "nominal" } },
        },
      ],
    };
  });
  return panels(
    "Tokens per second over width, sequence length and vocabulary; both axes logarithmic.",
    draw,
    width,
  );
}

/** 345678 → "346k". */
function thousands(value: number): string {
  return value < 1e6 ? `${Math.round(value / 1000)}k` : `${(value / 1e6).toFixed(2)}M`;
}
