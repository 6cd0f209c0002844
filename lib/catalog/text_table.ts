/**
 * A query's result for a terminal.
 * @module
 */
import type { ColumnTable } from "arquero";

/** Longer cells are cut: a terminal is not endless. */
const MAX_CELL_CHARACTERS = 80;

function formatCell(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "");
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const line = text.replace(/\s+/g, " ");
  return line.length > MAX_CELL_CHARACTERS ? `${line.slice(0, MAX_CELL_CHARACTERS - 1)}…` : line;
}

/**
 * A table as aligned text, numbers to the right; null is "–".
 *
 * @example
 * ```ts
 * import { formatTable } from "./text_table.ts";
 * import { table } from "arquero";
 * import assert from "node:assert/strict";
 * assert.equal(formatTable(table({ source: ["three"], tokens: [7] })), "source  tokens\nthree        7");
 * ```
 */
export function formatTable(table: ColumnTable): string {
  const names = table.columnNames();
  const columns = names.map((name) => Array.from<unknown>(table.array(name)));
  const numeric = columns.map((values) =>
    values.every((value) => value === null || typeof value === "number" || typeof value === "bigint")
  );
  const cells = columns.map((values) => values.map(formatCell));
  const widths = cells.map((column, i) =>
    Math.max(names[i]?.length ?? 0, ...column.map((cell) => cell.length))
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))
      .join("  ").trimEnd();
  const rows = Array.from({ length: table.numRows() }, (_, row) => cells.map((column) => column[row] ?? ""));
  return [names, ...rows].map(line).join("\n");
}
