/**
 * Figure 1: what training compute buys.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { logTicks } from "../panels.ts";
import { textWidth } from "../text_width.ts";
import { type Encoding, innerWidth, type Layer, themed, type View, WIDE } from "../theme.ts";
import { ALL_FAMILIES, type Family } from "./families.ts";

/** A model. */
export interface ComputePoint {
  readonly model: string;
  readonly family: Family;
  /** 6 × parameters × training tokens. */
  readonly flops: number;
  /** HumanEval, pass@1 in percent. */
  readonly humaneval: number;
}

const HEIGHT = 380, Y_AXIS = 44, GAP = 20, OWN_WIDTH = 120;
const LABEL_SIZE = 11, LABEL_GAP = 7;

/**
 * HumanEval over training FLOPs (logarithmic), a point a model, each with its name and its score in print. Our own models have a panel
 * of their own: they are many orders of magnitude smaller.
 */
export function computeChart(
  published: readonly ComputePoint[],
  own: readonly ComputePoint[],
  width = WIDE,
): TopLevelSpec {
  const room = innerWidth(width) - Y_AXIS;
  const description = "HumanEval over training compute.";
  if (own.length === 0) return themed({ description, hconcat: [computeView(published, room, true)] });
  return themed({
    description,
    spacing: GAP,
    resolve: { scale: { color: "independent", shape: "independent" } },
    hconcat: [
      { ...computeView(own, OWN_WIDTH, true), title: "Our runs" },
      { ...computeView(published, room - OWN_WIDTH - GAP, false), title: "Published" },
    ],
  });
}

/** @param scale Whether the vertical axis is written out. */
function computeView(points: readonly ComputePoint[], width: number, scale: boolean): View {
  const flops = points.map(({ flops }) => flops);
  const domain = [Math.min(...flops) / 1.3, Math.max(...flops) * 1.3] as const;
  const at = (value: number) => width * Math.log(value / domain[0]) / Math.log(domain[1] / domain[0]);
  const labelled = points.map(({ model, family, flops, humaneval }) => {
    const label = `${model} ${humaneval.toFixed(1)}`;
    return {
      ...{ flops, humaneval, label },
      family: family.name,
      left: at(flops) + LABEL_GAP + textWidth(label, LABEL_SIZE) > width,
    };
  });
  const x = {
    field: "flops",
    type: "quantitative",
    scale: { type: "log", domain: [...domain], nice: false },
    axis: {
      title: "training FLOPs",
      values: logTicks(...domain),
      labelExpr: "replace(format(datum.value, '~e'), 'e+', 'e')",
      grid: true,
    },
  } satisfies Encoding["x"];
  const y = {
    field: "humaneval",
    type: "quantitative",
    scale: { domain: [-2, 52], nice: false },
    axis: {
      values: [0, 10, 20, 30, 40, 50],
      ...(scale ? { title: "HumanEval, pass@1 %" } : { title: null, labels: false }),
    },
  } satisfies Encoding["y"];
  const shown = ALL_FAMILIES.filter(({ name }) => labelled.some(({ family }) => family === name));
  const names = shown.map(({ name }) => name);
  const label = (left: boolean): Layer => ({
    data: { values: labelled.filter((point) => point.left === left) },
    mark: {
      type: "text",
      align: left ? "right" : "left",
      dx: left ? -LABEL_GAP : LABEL_GAP,
      fontSize: LABEL_SIZE,
    },
    encoding: { x, y, text: { field: "label", type: "nominal" } },
  });
  return {
    width,
    height: HEIGHT,
    layer: [
      {
        data: { values: labelled },
        mark: { type: "point", filled: true, size: 80, opacity: 1 },
        encoding: {
          x,
          y,
          color: {
            field: "family",
            type: "nominal",
            scale: { domain: names, range: shown.map(({ colour }) => colour) },
            legend: names.length > 1 ? { orient: "top-left", title: null } : null,
          },
          shape: {
            field: "family",
            type: "nominal",
            scale: { domain: names, range: shown.map(({ shape }) => shape) },
            legend: names.length > 1 ? { orient: "top-left", title: null } : null,
          },
        },
      },
      label(false),
      label(true),
    ],
  };
}
