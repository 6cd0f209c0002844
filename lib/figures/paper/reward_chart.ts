/**
 * Figure 10: reinforcement learning from a base model and from a fine-tuned one.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { formatInteger } from "../format.ts";
import { FIXED_Y_AXIS, panels, type PanelSize } from "../panels.ts";
import { type Encoding, FAMILY_COLOURS, INK, type Layer, PAPER, QUIET, type View, WIDE } from "../theme.ts";

/** Held-out problems along GRPO. */
export interface RewardCurve {
  /** What it started from: "base", "sft". */
  readonly start: string;
  readonly points: readonly {
    readonly step: number;
    /** Percent of right answers. */
    readonly accuracy: number;
    /** Tokens of an answer. */
    readonly meanLength: number;
  }[];
}

/** A value that the paper prints, of GSM8K in percent. */
export interface PublishedReward {
  readonly label: string;
  readonly step: number;
  readonly accuracy: number;
}

/** Steps of the paper's ablation. */
const STEPS = 100;

const STARTS: ReadonlyMap<string, { colour: string; shape: string; dash: readonly number[] }> = new Map([
  ["base", { colour: FAMILY_COLOURS.smollm, shape: "circle", dash: [] }],
  ["sft", { colour: FAMILY_COLOURS.own, shape: "square", dash: [5, 3] }],
]);

/** Right answers and their length over steps, a line a start; what the paper prints as hollow diamonds with their values. */
export function rewardChart(
  curves: readonly RewardCurve[],
  published: readonly PublishedReward[],
  width = WIDE,
): TopLevelSpec {
  const steps = Math.max(STEPS, ...curves.flatMap(({ points }) => points.map(({ step }) => step)));
  const lengths = curves.flatMap(({ points }) => points.map(({ meanLength }) => meanLength));
  // Half as wide where nothing stands beside it.
  const room = lengths.length === 0 ? width / 2 : width;
  const shown = [
    { title: "Right answers, %", field: "accuracy", to: 100, published } as const,
    ...(lengths.length === 0 ? [] : [
      { title: "Tokens of an answer", field: "meanLength", to: Math.max(...lengths), published: [] } as const,
    ]),
  ];
  return panels(
    "Right answers and their length over steps of GRPO.",
    shown.map((panel) => (size: PanelSize) => curveView(panel, curves, steps, size)),
    room,
  );
}

/** One quantity along training. */
interface RewardPanel {
  readonly title: string;
  readonly field: "accuracy" | "meanLength";
  /** The upper end of its axis. */
  readonly to: number;
  readonly published: readonly PublishedReward[];
}

function curveView(
  { title, field, to, published }: RewardPanel,
  curves: readonly RewardCurve[],
  steps: number,
  size: PanelSize,
): View {
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0, steps], nice: false },
    axis: { title: "steps", tickCount: 5 },
  } satisfies Encoding["x"];
  const y = {
    field,
    type: "quantitative",
    scale: { domain: [0, to] },
    axis: { ...FIXED_Y_AXIS, tickCount: 5 },
  } satisfies Encoding["y"];
  const lines = curves.map(({ start, points }): Layer => {
    const { colour, shape, dash } = STARTS.get(start) ?? { colour: INK, shape: "cross", dash: [2, 2] };
    return {
      data: { values: points.map((point) => ({ ...point })) },
      mark: {
        type: "line",
        color: colour,
        strokeDash: [...dash],
        point: { shape, color: colour, filled: true, size: 34 },
      },
      encoding: { x, y },
    };
  });
  const data = { values: published.map((value) => ({ ...value, left: value.step > steps / 2 })) };
  const marks: Layer[] = published.length === 0 ? [] : [
    {
      data,
      mark: {
        type: "point",
        shape: "diamond",
        size: 70,
        fill: PAPER,
        stroke: QUIET,
        strokeWidth: 1.5,
        opacity: 1,
      },
      encoding: { x, y },
    },
    {
      data,
      mark: {
        type: "text",
        color: QUIET,
        fontSize: 11,
        align: { expr: "datum.left ? 'right' : 'left'" },
        dx: { expr: "datum.left ? -8 : 8" },
      },
      encoding: { x, y, text: { field: "label", type: "nominal" } },
    },
  ];
  const ends = curves.flatMap(({ start, points }) => {
    const [first, last] = [points[0]?.[field], points.at(-1)?.[field]];
    if (first === undefined || last === undefined) return [];
    const shown = field === "accuracy" ? (value: number) => value.toFixed(1) : formatInteger;
    return [`from ${start}: ${shown(first)} to ${shown(last)}`];
  });
  return { ...size, title: { text: title, subtitle: ends }, layer: [...lines, ...marks] };
}
