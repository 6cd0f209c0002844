/**
 * What the report's sections are built from: figures, tables, and the line that says whose numbers they are.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { Markup, markup, type MarkupValue } from "../markup.ts";
import { renderSvg } from "../render.ts";
import { NARROW, WIDE } from "../theme.ts";

/** Whose numbers something shows. Published and own ones never stand together unmarked. */
export interface Origin {
  readonly kind: "own" | "published";
  /** Where exactly they come from. */
  readonly source: string;
}

/** The source line under a table or chart. */
export function sourceLine({ kind, source }: Origin): Markup {
  const badge = kind === "own" ? "this run" : "published";
  return markup`<p class="source"><span class="badge ${kind}">${badge}</span> Source: ${source}</p>`;
}

/** A section of the report; one without content is left out. */
export interface Section {
  /** Its anchor. */
  readonly id: string;
  readonly title: string;
  /** A sentence under the title. */
  readonly lead: string;
  readonly content: readonly Markup[];
}

/**
 * A chart, drawn once for wide pages and once for narrow ones; style sheets show the one that fits.
 *
 * @param chart The chart of a given width in pixels.
 */
export async function figure(
  caption: string,
  origin: Origin,
  chart: (width: number) => TopLevelSpec,
  wide = WIDE,
): Promise<Markup> {
  const [wideSvg, narrowSvg] = [await renderSvg(chart(wide)), await renderSvg(chart(NARROW))];
  return markup`<figure>
<div class="wide">${new Markup(wideSvg)}</div>
<div class="narrow">${new Markup(narrowSvg)}</div>
<figcaption>${caption} ${sourceLine(origin)}</figcaption>
</figure>
`;
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => MarkupValue;
  /** Numbers stand right-aligned. */
  readonly numeric?: boolean;
  /** Left out where the page is narrow. */
  readonly wideOnly?: boolean;
}

/** A table; its first column heads the rows. */
export function table<Row>(
  caption: string,
  origin: Origin,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Markup {
  const classes = ({ numeric, wideOnly }: Column<Row>) =>
    [numeric ? "number" : "", wideOnly ? "wide-only" : ""].join(" ").trim();
  const head = columns.map((column) =>
    markup`<th scope="col" class="${classes(column)}">${column.title}</th>`
  );
  const body = rows.map((row) => {
    const cells = columns.map((column, i) =>
      i === 0
        ? markup`<th scope="row">${column.cell(row)}</th>`
        : markup`<td class="${classes(column)}">${column.cell(row)}</td>`
    );
    return markup`<tr>${cells}</tr>\n`;
  });
  return markup`<figure class="table">
<div class="scroll"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table></div>
<figcaption>${caption} ${sourceLine(origin)}</figcaption>
</figure>
`;
}
