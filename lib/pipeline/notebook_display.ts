/**
 * Values that show themselves in a notebook as a table or a chart when they are a cell's last expression,
 * and that are plain values anywhere else.
 * @module
 */
import type { ColumnTable } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { markup } from "../figures/markup.ts";
import { renderSvg } from "../figures/render.ts";

/** What the Deno kernel calls to show a value. */
const display: unique symbol = Symbol.for("Jupyter.display");

/** Content by MIME type; a front end shows the richest that it knows. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** A value that the Deno kernel shows by its content. */
export interface Displayable {
  [display](): Promise<MimeBundle>;
}

/** Writes a column's values. */
export type ColumnFormats = Readonly<Record<string, (value: number) => string>>;

/**
 * JupyterLab 4.6 and VS Code draw Vega-Lite under version 5's name only. Everything the charts use is in version 5 as well.
 */
const VEGA_LITE_MIME = "application/vnd.vegalite.v5+json";
const VEGA_LITE_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** How vega-embed, which both use, draws: text that can be selected and stays sharp. */
const EMBED_OPTIONS = { renderer: "svg" };

/**
 * A table: HTML, and aligned text where HTML is not shown. Numbers stand right; without a format, they are written with
 * their thousands separated.
 *
 * @param formats How columns of numbers are written, by name.
 *
 * @example
 * ```ts
 * import { contentOf, showTable } from "./notebook_display.ts";
 * import { table } from "arquero";
 * import assert from "node:assert/strict";
 * const bundle = await contentOf(showTable(table({ name: ["a", "b"], tokens: [1200, 30] })));
 * assert.equal(bundle["text/plain"], "name  tokens\na      1,200\nb         30");
 * ```
 */
export function showTable(table: ColumnTable, formats: ColumnFormats = {}): Displayable {
  const names = table.columnNames();
  const rows = table.objects() as Record<string, unknown>[];
  const numeric = names.map((name) => rows.some((row) => typeof row[name] === "number"));
  const cells = rows.map((row) => names.map((name) => formatCell(row[name], formats[name])));
  return {
    [display]: () =>
      Promise.resolve({
        "text/plain": alignedText(names, cells, numeric),
        "text/html": htmlTable(names, cells, numeric),
      }),
  };
}

/**
 * A chart: interactive where the front end draws Vega-Lite, else a picture. HTML is left out on purpose: JupyterLab would
 * prefer it to the interactive chart.
 */
export function showChart(spec: TopLevelSpec): Displayable {
  return {
    [display]: async () => ({
      [VEGA_LITE_MIME]: { ...spec, $schema: VEGA_LITE_SCHEMA, usermeta: { embedOptions: EMBED_OPTIONS } },
      ...await pictureOf(spec),
    }),
  };
}

/** A chart as a picture alone, for a notebook of many whose specs `deno task figures` writes: a third of the size, without tooltips. */
export function showPicture(spec: TopLevelSpec): Displayable {
  return { [display]: () => pictureOf(spec) };
}

async function pictureOf(spec: TopLevelSpec): Promise<MimeBundle> {
  return { "image/svg+xml": await renderSvg(spec), "text/plain": String(spec.description ?? "A chart.") };
}

/** Text as it is, its lines kept. */
export function showText(text: string): Displayable {
  return { [display]: () => Promise.resolve({ "text/plain": text }) };
}

/** What a front end would get. */
export function contentOf(value: Displayable): Promise<MimeBundle> {
  return value[display]();
}

function formatCell(value: unknown, format?: (value: number) => string): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  return format ? format(value) : value.toLocaleString("en-GB");
}

function alignedText(names: string[], cells: string[][], numeric: boolean[]): string {
  const lines = [names, ...cells];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line.map((cell, column) =>
      numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    ).join("  ").trimEnd()
  ).join("\n");
}

function htmlTable(names: string[], cells: string[][], numeric: boolean[]): string {
  const side = (column: number) => `text-align:${numeric[column] ? "right" : "left"}`;
  const head = names.map((name, column) => markup`<th style="${side(column)}">${name}</th>`);
  const body = cells.map((line) =>
    markup`<tr>${line.map((cell, column) => markup`<td style="${side(column)}">${cell}</td>`)}</tr>\n`
  );
  return markup`<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}</tbody>\n</table>`.text;
}
