/**
 * The paper's tables as they are printed here: every cell as text, what disagrees marked, our own rows below and apart.
 * @module
 */
import type { PaperCell, PaperTable } from "../../catalog/published.ts";
import { formatInteger } from "../format.ts";
import { headingOf } from "./headings.ts";

/** A table ready to be set. */
export interface PrintedTable {
  readonly columns: readonly { readonly heading: string; readonly numeric: boolean }[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly own: boolean }[];
  /** Sentences below it. */
  readonly notes: readonly string[];
}

/** What is added to a table of the paper. */
export interface TableAdditions {
  /** How many of its last rows are our own. */
  readonly ownRows: number;
  /** Whether a cell gets the sign of disagreement. */
  readonly flagged: (row: number, column: string) => boolean;
  /** Beside the table's own notes. */
  readonly notes: readonly string[];
}

/** Stands before values that the paper prints otherwise elsewhere. */
export const DISAGREES = "*";

/** Columns with smaller values, such as learning rates, are written with exponents. */
const SMALL = 0.01;

/** Stands where there is no value. */
const MISSING = "–";

/** Numbers of a column have as many decimals as the longest of them. */
export function printedTable(
  { columns, rows, notes, derived }: PaperTable,
  additions: TableAdditions = { ownRows: 0, flagged: () => false, notes: [] },
): PrintedTable {
  const texts = columns.map((_, c) => columnTexts(rows.map((row) => row[c] ?? null)));
  return {
    columns: columns.map((column, c) => ({
      heading: headingOf(column) + (derived.includes(column) ? " ¹" : ""),
      numeric: rows.every((row) => typeof (row[c] ?? 0) === "number"),
    })),
    rows: rows.map((_, r) => ({
      cells: columns.map((column, c) =>
        (additions.flagged(r, column) ? DISAGREES : "") + (texts[c]?.[r] ?? "")
      ),
      own: r >= rows.length - additions.ownRows,
    })),
    notes: [
      ...(notes === undefined ? [] : [notes.replace("null:", `${MISSING}:`)]),
      ...additions.notes,
      ...(derived.length === 0 ? [] : ["¹ Not printed in the paper: computed from what is."]),
    ],
  };
}

function columnTexts(values: readonly PaperCell[]): string[] {
  const numbers = values.filter((value) => typeof value === "number");
  const small = numbers.some((value) => value !== 0 && Math.abs(value) < SMALL);
  const decimals = Math.max(0, ...numbers.map((value) => String(value).split(".")[1]?.length ?? 0));
  return values.map((value) => {
    if (value === null) return MISSING;
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value === "string") return value;
    if (small) return value.toExponential();
    return decimals > 0 ? value.toFixed(decimals) : formatInteger(value);
  });
}

/**
 * As Markdown, our own rows in bold, the notes below.
 *
 * @example
 * ```ts
 * import { toMarkdown } from "./printed_table.ts";
 * import assert from "node:assert/strict";
 * const columns = [{ heading: "model", numeric: false }, { heading: "GSM8K", numeric: true }];
 * const markdown = toMarkdown({ columns, rows: [{ cells: ["a|b", "1.5"], own: true }], notes: [] });
 * assert.equal(markdown, "| model | GSM8K |\n| --- | ---: |\n| **a\\|b** | **1.5** |\n");
 * ```
 */
export function toMarkdown({ columns, rows, notes }: PrintedTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const escape = (text: string) => text.replace(/[|*]/g, "\\$&").replaceAll("<", "&lt;");
  const shown = (cell: string, own: boolean) => own ? `**${escape(cell)}**` : escape(cell);
  return [
    line(columns.map(({ heading }) => heading)),
    line(columns.map(({ numeric }) => numeric ? "---:" : "---")),
    ...rows.map(({ cells, own }) => line(cells.map((cell) => shown(cell, own)))),
    ...notes.map((note) => `\n${escape(note)}\n`),
  ].join("");
}

/** The values as CSV; a first column says whether a row is published or own. */
export function toCsv({ columns, rows }: PaperTable, ownRows: number): string {
  const cell = (value: PaperCell) => {
    const text = value === null ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const origin = (row: number) => row < rows.length - ownRows ? "published" : "own";
  return [["origin", ...columns], ...rows.map((row, i) => [origin(i), ...row])]
    .map((line) => line.map(cell).join(",") + "\n").join("");
}
