/**
 * A table as a chart of texts.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { textWidth, wrap } from "../text_width.ts";
import { FAINT, FONT_SIZE, INK, QUIET, themed } from "../theme.ts";
import { type PlacedText, spanLayer, textLayer } from "./canvas.ts";
import type { PrintedTable } from "./printed_table.ts";

const ROW_HEIGHT = 20, GAP = 22, NARROWEST = 520;
/** Bold text is wider than the estimate. */
const ALLOWANCE = 1.06;

/** A chart, and how wide it is in pixels, for its caption. */
export interface TableChart {
  readonly spec: TopLevelSpec;
  readonly width: number;
}

/** Columns as wide as their contents; a table with many columns and few rows lies on its side. */
export function tableChart(description: string, printed: PrintedTable): TableChart {
  const { columns, rows, notes } = printed.columns.length >= 2 * printed.rows.length
    ? onItsSide(printed)
    : printed;
  const widths = columns.map(({ heading }, c) =>
    Math.ceil(
      ALLOWANCE * Math.max(...[
        heading,
        ...rows.map(({ cells }) => cells[c] ?? ""),
      ].map((text) => textWidth(text, FONT_SIZE))),
    )
  );
  const lefts = widths.map((_, c) => widths.slice(0, c).reduce((sum, width) => sum + width + GAP, 0));
  const width = Math.max(NARROWEST, (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0));
  const line = (cells: readonly string[], row: number, look: Pick<PlacedText, "weight" | "colour">) =>
    cells.map((text, c): PlacedText => {
      const numeric = columns[c]?.numeric ?? false;
      return {
        ...look,
        text,
        x: (lefts[c] ?? 0) + (numeric ? widths[c] ?? 0 : 0),
        y: ROW_HEIGHT * (row + 0.5),
        align: numeric ? "right" : "left",
      };
    });
  const below = ROW_HEIGHT * (rows.length + 1) + 10;
  const small = notes.flatMap((note) => wrap(note, width, FONT_SIZE));
  const texts = [
    ...line(columns.map(({ heading }) => heading), 0, { weight: 600, colour: QUIET }),
    ...rows.flatMap(({ cells, own }, r) => line(cells, r + 1, { weight: own ? 600 : 400, colour: INK })),
    ...small.map((text, i): PlacedText => ({
      ...{ text, x: 0, y: below + ROW_HEIGHT * (i + 0.5) },
      ...{ align: "left", weight: 400, colour: QUIET },
    })),
  ];
  const size = { width, height: below + ROW_HEIGHT * small.length };
  const firstOwn = rows.findIndex(({ own }) => own);
  const rules = [0, ...(firstOwn > 0 ? [firstOwn] : []), rows.length].map((row) => {
    const y = ROW_HEIGHT * (row + 1);
    return { x: 0, x2: width, y, y2: y };
  });
  return {
    spec: themed({
      description,
      ...size,
      layer: [spanLayer("rule", rules, size, { color: FAINT }), textLayer(texts, size, FONT_SIZE)],
    }),
    width,
  };
}

/** Rows become columns; whatever is in them stands right. A table of the paper alone: our own rows would not stand apart. */
function onItsSide({ columns, rows, notes }: PrintedTable): PrintedTable {
  const [first, ...rest] = columns.map((
    { heading },
    c,
  ) => [heading, ...rows.map(({ cells }) => cells[c] ?? "")]);
  return {
    columns: (first ?? []).map((heading, c) => ({ heading, numeric: c > 0 })),
    rows: rest.map((cells) => ({ cells, own: false })),
    notes,
  };
}
