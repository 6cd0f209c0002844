/**
 * Bars that read like a table: names on the left, one column of bars per quantity, every bar with its value in print.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { textWidth, truncate, wrap } from "./text_width.ts";
import {
  compareDomains,
  domainStyle,
  type Encoding,
  FAINT,
  FAMILY_COLOURS,
  FONT_SIZE,
  INK,
  innerWidth,
  type Layer,
  PAPER,
  QUIET,
  themed,
  TITLE_SIZE,
  type View,
} from "./theme.ts";

/** One bar. */
export interface Bar {
  /** Row that it stands in. */
  readonly name: string;
  readonly value: number;
  /** The value in print. */
  readonly label: string;
  /** Drawn hollow: present, but not of this run. */
  readonly hollow?: boolean;
}

/** One column of bars. */
export interface BarColumn {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** What a bar table shows. */
export interface BarTable {
  /** What the chart shows, for those who do not see it. */
  readonly description: string;
  /** Rows from top to bottom; with domains, grouped under them. */
  readonly rows: readonly { readonly name: string; readonly domain?: string | undefined }[];
  /** Colours of the groups in their order from the top, where they are not domains. */
  readonly groups?: ReadonlyMap<string, string>;
  readonly columns: readonly BarColumn[];
  /** Whether the columns measure the same quantity, and share its scale. */
  readonly sameScale: boolean;
  /** A value marked by a dashed line through every column. */
  readonly mark?: number | undefined;
}

const ROW_HEIGHT = 20, LABEL_GAP = 5, NARROWEST_COLUMN = 100;

/** A line of the table: a domain's heading, or a row. */
interface Line {
  readonly key: string;
  readonly text: string;
  readonly heading: boolean;
  /** Colour of the heading, or of the row's bars. */
  readonly colour: string;
}

function layOut({ rows, groups }: Pick<BarTable, "rows" | "groups">): Line[] {
  const found = new Set(rows.map((row) => row.domain ?? ""));
  const domains = groups === undefined
    ? [...found].sort(compareDomains)
    : [...groups.keys()].filter((group) => found.has(group));
  const headed = domains.some((domain) => domain !== "");
  return domains.flatMap((domain) => {
    const colour = groups?.get(domain) ?? (headed ? domainStyle(domain).colour : FAMILY_COLOURS.own);
    const members = rows.filter((row) => (row.domain ?? "") === domain)
      .map(({ name }) => ({ key: rowKey(name), text: name, heading: false, colour }));
    return headed
      ? [{ key: `domain ${domain}`, text: domain || "other", heading: true, colour }, ...members]
      : members;
  });
}

/** Tells a row from a domain of the same name. */
function rowKey(name: string): string {
  return `row ${name}`;
}

function namesView(lines: readonly Line[], width: number): View {
  return {
    width,
    height: ROW_HEIGHT * lines.length,
    data: { values: lines.map((line) => ({ ...line, text: truncate(line.text, width, FONT_SIZE) })) },
    mark: { type: "text", align: "left", fontWeight: { expr: "datum.heading ? 600 : 400" } },
    encoding: {
      x: { value: 0 },
      y: { field: "key", type: "ordinal", axis: null, sort: null },
      text: { field: "text" },
      color: {
        condition: { test: "datum.heading", field: "colour", type: "nominal", scale: null },
        value: INK,
      },
    },
  };
}

/** @param maximum Value at the end of the longest bar. @param barWidth Its length; the rest of `width` is for labels. */
function columnView(
  column: BarColumn,
  lines: readonly Line[],
  { width, barWidth, maximum, mark }: {
    width: number;
    barWidth: number;
    maximum: number;
    mark: number | undefined;
  },
): View {
  const height = ROW_HEIGHT * lines.length;
  const colours = new Map(lines.map(({ key, colour }) => [key, colour]));
  const values = column.bars.map(({ name, value, label, hollow = false }) => {
    const key = rowKey(name);
    // The outline of an empty bar would look like a value.
    const stroke = value > 0 ? colours.get(key) ?? QUIET : "transparent";
    return { key, value, label, stroke, fill: hollow ? PAPER : stroke };
  });
  const x: Encoding["x"] = {
    field: "value",
    type: "quantitative",
    axis: null,
    stack: null,
    scale: { domain: [0, maximum], range: [0, barWidth] },
  };
  const y: Encoding["y"] = {
    field: "key",
    type: "ordinal",
    axis: null,
    scale: { domain: lines.map(({ key }) => key) },
  };
  const verticalRule = (value: number, look: { color: string; strokeDash?: number[] }): Layer => ({
    data: { values: [{ value }] },
    mark: { type: "rule", ...look },
    encoding: { x, y: { value: 0 }, y2: { value: height } },
  });
  const label = (halo: { stroke?: string; strokeWidth?: number }): Layer => ({
    mark: { type: "text", align: "left", dx: LABEL_GAP, ...halo },
    encoding: { x, y, text: { field: "label" } },
  });
  return {
    width,
    height,
    title: wrap(column.title, width, TITLE_SIZE),
    data: { values },
    layer: [
      verticalRule(0, { color: FAINT }),
      {
        mark: { type: "bar", height: 12, cornerRadiusEnd: 2, strokeWidth: 1 },
        encoding: {
          x,
          y,
          fill: { field: "fill", type: "nominal", scale: null },
          stroke: { field: "stroke", type: "nominal", scale: null },
        },
      },
      // A halo keeps labels legible across the dashed line.
      ...(mark === undefined ? [] : [
        verticalRule(mark, { color: QUIET, strokeDash: [3, 3] }),
        label({ stroke: PAPER, strokeWidth: 4 }),
      ]),
      label({}),
    ],
  };
}

/**
 * The chart of a bar table; columns that do not fit beside each other continue below.
 *
 * @param width Whole width in pixels.
 */
export function barTable(table: BarTable, width: number): TopLevelSpec {
  const lines = layOut(table);
  const inner = innerWidth(width), gap = inner < 600 ? 12 : 24;
  const nameWidth = Math.ceil(
    Math.min(
      inner * (table.columns.length === 1 ? 0.5 : 0.36),
      Math.max(40, ...lines.map((line) => textWidth(line.text, FONT_SIZE))),
    ),
  );
  const fitting = Math.max(1, Math.floor((inner - nameWidth) / NARROWEST_COLUMN));
  // Bands of about equally many columns.
  const columnsBeside = Math.ceil(table.columns.length / Math.ceil(table.columns.length / fitting));
  const columnWidth = Math.floor((inner - nameWidth) / columnsBeside) - gap;
  const labels = table.columns.flatMap(({ bars }) => bars.map(({ label }) => label));
  const barWidth = columnWidth - LABEL_GAP - Math.max(0, ...labels.map((text) => textWidth(text, FONT_SIZE)));
  const largest = (columns: readonly BarColumn[]) =>
    Math.max(table.mark ?? 0, ...columns.flatMap(({ bars }) => bars.map(({ value }) => value))) || 1;

  const bands: View[] = [];
  for (let from = 0; from < table.columns.length; from += columnsBeside) {
    const columns = table.columns.slice(from, from + columnsBeside).map((column) =>
      columnView(column, lines, {
        width: columnWidth,
        barWidth: Math.max(10, barWidth),
        maximum: largest(table.sameScale ? table.columns : [column]),
        mark: table.mark,
      })
    );
    bands.push({ hconcat: [namesView(lines, nameWidth), ...columns], spacing: gap, bounds: "flush" });
  }
  return themed({ description: table.description, vconcat: bands, spacing: gap });
}
