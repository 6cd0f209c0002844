/**
 * A mixture to be moved by hand, and what a regression over small runs predicts of it.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { MixtureRegression, ProbeRegression } from "../mixture/regression/fit.ts";
import type { LossModel } from "../mixture/regression/loss_model.ts";
import { INTERVAL, predictLosses } from "../mixture/regression/prediction.ts";
import { textWidth } from "./text_width.ts";
import {
  compareDomains,
  domainStyle,
  FAINT,
  FAMILY_COLOURS,
  FONT_SIZE,
  INK,
  innerWidth,
  QUIET,
  themed,
  TITLE_SIZE,
  type View,
  WIDE,
} from "./theme.ts";

/** A mixture that is marked in the chart. */
export interface MarkedMixture {
  readonly name: string;
  /** Shares in the order of the regression's sources, which sum to 1. */
  readonly weights: readonly number[];
}

/** Resampled models that the interval is drawn from: enough for its ends, few enough for a notebook. */
const RESAMPLES = 60;

/** Signs of marked mixtures, in their order. */
const SHAPES = ["diamond", "circle", "square", "triangle-up", "triangle-down", "cross", "triangle-right"];
const COLOURS = [FAMILY_COLOURS.own, FAMILY_COLOURS.smollm, QUIET, INK, INK, INK, INK];

/** Pixels between an axis’s labels: where they would stand closer, every second one is left out. */
const LABEL_SEPARATION = 6;

const ROW_HEIGHT = 28, PROBE_HEIGHT = 44, GAP = 36, LABEL_ROOM = 52;

/** Deviations of the runs' losses on either side of their mean that an axis has room for. */
const ROOM = 2.5;

/**
 * A slider a source: the shares follow, and with them the predicted perplexity of every probe, with the interval of the resampled
 * regressions. A bar turns pale where its share is outside the range of the runs, which is the grey band: there, nothing was tried.
 *
 * @param marks Mixtures with signs of their own, such as the best one found, first, and published ones: seven at most.
 * @param start Shares where the sliders stand at first, in the order of the regression's sources.
 * @param width Whole width in pixels.
 */
export function mixtureExplorer(
  regression: MixtureRegression,
  marks: readonly MarkedMixture[],
  start: readonly number[],
  width = WIDE,
): TopLevelSpec {
  const { sources } = regression;
  const isWide = width >= 600, inner = innerWidth(width);
  const names = Math.ceil(Math.max(...sources.map((source) => textWidth(source, FONT_SIZE)))) + 18;
  const half = isWide ? Math.floor((inner - GAP) / 2) : inner;
  const probes = regression.probes.toSorted((a, b) => compareDomains(a.probe, b.probe));
  const views: View[] = [
    sharesView(regression, marks, half - names - LABEL_ROOM),
    { vconcat: probes.map((probe) => probeView(regression, probe, marks, half - 12)), spacing: 14 },
  ];
  return themed({
    description: `Sliders for the shares of ${
      sources.join(", ")
    }, and the perplexity that a regression predicts for ${probes.map(({ probe }) => probe).join(", ")}.`,
    params: sources.map((source, j) => ({
      name: slider(j),
      value: Math.round(100 * (start[j] ?? 0)),
      bind: { input: "range", min: 0, max: 100, step: 1, name: `${source} ` },
    })),
    columns: isWide ? 2 : 1,
    spacing: GAP,
    concat: views,
  });
}

/** Name of a source's slider. */
function slider(j: number): string {
  return `source_${j}`;
}

/** Vega expression of a source's share: the sliders need not sum to 100. */
function share(j: number, count: number): string {
  const all = Array.from({ length: count }, (_, i) => slider(i)).join(" + ");
  return `(${slider(j)} / max(1e-9, ${all}))`;
}

function markScales(marks: readonly MarkedMixture[]) {
  const domain = marks.map(({ name }) => name);
  const legend = { title: null, orient: "bottom", direction: "horizontal", columns: 2 } as const;
  return {
    shape: {
      field: "mixture",
      type: "nominal",
      sort: null,
      scale: { domain, range: SHAPES.slice(0, marks.length) },
      legend,
    },
    color: {
      field: "mixture",
      type: "nominal",
      sort: null,
      scale: { domain, range: COLOURS.slice(0, marks.length) },
      legend,
    },
  } as const;
}

function sharesView(
  { sources, least, most }: MixtureRegression,
  marks: readonly MarkedMixture[],
  width: number,
): View {
  const largest = Math.max(...most, ...marks.flatMap(({ weights }) => weights));
  const x = (field: string) => ({
    field,
    type: "quantitative" as const,
    scale: { domain: [0, largest], clamp: true, nice: false },
    axis: { title: "share", format: ".0%", tickCount: 5, grid: true, labelSeparation: LABEL_SEPARATION },
  });
  const y = {
    field: "source",
    type: "nominal" as const,
    sort: null,
    scale: { domain: [...sources] },
    axis: { title: null, labelColor: INK, labelFontSize: FONT_SIZE, labelLimit: 200 },
  };
  const now = sources.map((_, j) => share(j, sources.length)).join(", ");
  return {
    width,
    height: ROW_HEIGHT * sources.length,
    title: { text: "Mixture", fontSize: TITLE_SIZE },
    data: { values: sources.map((source, j) => ({ source, index: j, least: least[j], most: most[j] })) },
    transform: [
      { calculate: `[${now}][datum.index]`, as: "share" },
      { calculate: "datum.share < datum.least - 5e-4 || datum.share > datum.most + 5e-4", as: "outside" },
      { calculate: "format(datum.share, '.1%') + (datum.outside ? ' !' : '')", as: "label" },
    ],
    layer: [
      {
        mark: { type: "bar", height: ROW_HEIGHT - 6, color: FAINT },
        encoding: { y, x: x("least"), x2: { field: "most" } },
      },
      {
        mark: { type: "bar", height: 8, color: INK, cornerRadiusEnd: 2, yOffset: -5 },
        encoding: {
          y,
          x: x("share"),
          opacity: { condition: { test: "datum.outside", value: 0.35 }, value: 0.85 },
        },
      },
      {
        data: {
          values: marks.flatMap(({ name, weights }) =>
            sources.map((source, j) => ({ mixture: name, source, weight: weights[j] ?? 0 }))
          ),
        },
        mark: { type: "point", filled: true, size: 46, opacity: 1, yOffset: 6 },
        encoding: {
          y,
          x: x("weight"),
          ...markScales(marks),
          tooltip: [
            { field: "mixture", title: "Mixture" },
            { field: "source", title: "Source" },
            { field: "weight", title: "Share", format: ".1%" },
          ],
        },
      },
      {
        mark: { type: "text", align: "left" },
        encoding: { y, x: { value: width + 6 }, text: { field: "label" } },
      },
    ],
  };
}

function probeView(
  regression: MixtureRegression,
  { probe, model, resampled, mean, deviation }: ProbeRegression,
  marks: readonly MarkedMixture[],
  width: number,
): View {
  const predicted = marks.map(({ name, weights }) => ({
    mixture: name,
    loss: predictLosses(regression, weights).find((prediction) => prediction.probe === probe)?.loss ?? NaN,
  }));
  const ends = [mean - ROOM * deviation, mean + ROOM * deviation, ...predicted.map(({ loss }) => loss)];
  const x = (field: string) => ({
    field,
    type: "quantitative" as const,
    scale: {
      type: "log" as const,
      domain: [Math.exp(Math.min(...ends)), Math.exp(Math.max(...ends))],
      clamp: true,
      nice: false,
    },
    axis: { title: null, tickCount: 5, format: "~s", labelSeparation: LABEL_SEPARATION },
  });
  const { colour, shape } = domainStyle(probe);
  const perplexity = [{ calculate: lossExpression(regression), as: "loss" }, {
    calculate: "exp(datum.loss)",
    as: "perplexity",
  }];
  const step = Math.max(1, Math.ceil(resampled.length / RESAMPLES));
  const interval = [
    { quantile: "perplexity", probs: [INTERVAL.low, INTERVAL.high] },
    {
      aggregate: [{ op: "min" as const, field: "value", as: "low" }, {
        op: "max" as const,
        field: "value",
        as: "high",
      }],
      groupby: [],
    },
  ];
  const models = { values: resampled.filter((_, i) => i % step === 0).map(modelRow) };
  return {
    width,
    height: PROBE_HEIGHT,
    title: { text: `Perplexity of ${probe}, predicted`, fontSize: TITLE_SIZE },
    layer: [
      {
        data: { values: predicted.map(({ mixture, loss }) => ({ mixture, perplexity: Math.exp(loss) })) },
        mark: { type: "point", filled: true, size: 46, opacity: 1, yOffset: 12 },
        encoding: {
          x: x("perplexity"),
          ...markScales(marks),
          tooltip: [{ field: "mixture", title: "Mixture" }, {
            field: "perplexity",
            title: "Perplexity",
            format: ".4~r",
          }],
        },
      },
      {
        data: models,
        transform: [...perplexity, ...interval],
        mark: { type: "rule", strokeWidth: 5, opacity: 0.35, color: colour, yOffset: -6 },
        encoding: { x: x("low"), x2: { field: "high" } },
      },
      {
        data: { values: [modelRow(model)] },
        transform: perplexity,
        mark: { type: "point", shape, filled: true, size: 90, color: colour, opacity: 1, yOffset: -6 },
        encoding: { x: x("perplexity") },
      },
      {
        data: { values: [modelRow(model)] },
        transform: [...perplexity, { calculate: "format(datum.perplexity, '.4~r')", as: "label" }],
        mark: { type: "text", align: "right", fontWeight: 600, yOffset: -26 },
        encoding: { x: { value: width }, text: { field: "label" } },
      },
    ],
  };
}

/** A model's numbers, as few digits as a chart needs. */
function modelRow({ level, slopes, gap }: LossModel) {
  const short = (value: number) => Number(value.toPrecision(5));
  return { level: short(level), slopes: slopes.map(short), gap: gap === null ? null : short(gap) };
}

/** Vega expression of a model's loss at the sliders' mixture: the form of lib/mixture/regression/loss_model.ts. */
function lossExpression({ sources, centre }: MixtureRegression): string {
  const slope = sources.map((_, j) =>
    `datum.slopes[${j}] * (${share(j, sources.length)} - ${centre[j] ?? 0})`
  ).join(" + ");
  return `datum.level + (datum.gap === null ? (${slope}) : datum.gap * (exp((${slope}) / datum.gap) - 1))`;
}
