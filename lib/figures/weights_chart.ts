/**
 * Mixture weights of different origin side by side.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { formatPercent } from "./format.ts";
import type { SourceWeights } from "./mixing_report.ts";
import { type MixtureStyle, mixtureStyle } from "./mixture_styles.ts";
import { textWidth } from "./text_width.ts";
import {
  compareDomains,
  domainStyle,
  type Encoding,
  FAINT,
  FONT_SIZE,
  INK,
  innerWidth,
  type Layer,
  PAPER,
  QUIET,
  themed,
  WIDE,
} from "./theme.ts";

/** The mixtures that are compared: their names, and where a row has their weights. */
const MIXTURES = [
  ["tokens", "tokens"],
  ["leave-one-out", "leaveOneOut"],
  ["uniform", "uniform"],
  ["influence", "influence"],
] as const;

const ROW_HEIGHT = 26, LABEL_PADDING = 10, VALUE_ROOM = 48;

/** A source with its domain, where that is known. */
export type WeightsRow = SourceWeights & { readonly domain?: string | undefined };

/**
 * A row a source, a point a mixture: its percent of the training tokens; the influence weight stands at the right in print. Rows are
 * grouped by domain, the largest influence weight first.
 */
export function weightsChart(rows: readonly WeightsRow[], width = WIDE): TopLevelSpec {
  const sorted = rows.toSorted((a, b) =>
    compareDomains(a.domain ?? "", b.domain ?? "") || b.influence - a.influence
  );
  const points = sorted.flatMap((row) =>
    MIXTURES.map(([mixture, field]) => ({ source: row.source, mixture, percent: 100 * row[field] }))
  );
  const largest = Math.max(...points.map(({ percent }) => percent));
  const inner = innerWidth(width);
  const names = Math.ceil(
    Math.min(0.4 * inner, Math.max(...rows.map(({ source }) => textWidth(source, FONT_SIZE)))) +
      LABEL_PADDING,
  );
  const plot = Math.floor(inner - names - VALUE_ROOM);
  const columns = width < 600 ? 2 : MIXTURES.length;
  const colours = new Map(sorted.map(({ source, domain = "" }) => [source, domainStyle(domain).colour]));
  const y = {
    field: "source",
    type: "ordinal",
    scale: { domain: sorted.map(({ source }) => source) },
    axis: {
      title: null,
      labelFontSize: FONT_SIZE,
      labelPadding: LABEL_PADDING,
      labelLimit: names - LABEL_PADDING,
      minExtent: names,
      maxExtent: names,
      labelColor: { expr: colourByName(colours) },
    },
  } satisfies Encoding["y"];
  const x = {
    field: "percent",
    type: "quantitative",
    scale: { domain: [0, largest * 1.04 || 1], nice: false },
    axis: { title: "percent of the training tokens", tickCount: 5, labelExpr: "datum.label + '%'" },
  } satisfies Encoding["x"];
  const layers: Layer[] = [
    {
      data: { values: sorted.map(({ source }) => ({ source })) },
      mark: { type: "rule", color: FAINT },
      encoding: { y, x: { value: 0 }, x2: { value: plot } },
    },
    {
      data: { values: points },
      mark: { type: "point", size: 80, strokeWidth: 1.5, opacity: 1 },
      encoding: {
        x,
        y,
        shape: legendOf(({ shape }) => shape, columns),
        stroke: legendOf(({ colour }) => colour, columns),
        // Filled where its line would be solid.
        fill: legendOf(({ colour, dash }) => dash.length === 0 ? colour : PAPER, columns),
      },
    },
    {
      data: {
        values: points.filter(({ mixture }) => mixture === "influence").map((point) => ({
          ...point,
          label: formatPercent(point.percent),
        })),
      },
      mark: { type: "text", align: "left", dx: 8, color: INK },
      encoding: { y, x: { value: plot }, text: { field: "label" } },
    },
  ];
  return themed({
    description: `Percent of the training tokens by source: ${MIXTURES.map(([name]) => name).join(", ")}.`,
    width: plot,
    height: ROW_HEIGHT * rows.length,
    layer: layers,
  });
}

/** A sign by mixture; all signs share one legend. */
function legendOf(sign: (style: MixtureStyle) => string, columns: number) {
  const names = MIXTURES.map(([name]) => name).toReversed();
  return {
    field: "mixture",
    type: "nominal",
    scale: { domain: names, range: names.map((name) => sign(mixtureStyle(name))) },
    legend: { title: null, orient: "top", direction: "horizontal", columns, columnPadding: 14 },
  } satisfies Encoding["fill"];
}

/** Vega expression: the colour of an axis label. */
function colourByName(colours: ReadonlyMap<string, string>): string {
  return `${JSON.stringify(Object.fromEntries(colours))}[datum.value] || '${QUIET}'`;
}
