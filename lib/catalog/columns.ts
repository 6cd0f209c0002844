/**
 * Rows of JavaScript values as typed columns, and back.
 * @module
 */
import { ColumnTable, table } from "arquero";
import { UsageError } from "../core/errors.ts";
import type { ColumnType, TableSchema } from "./schema.ts";

/** A value of a column as both engines take it: BIGINT as bigint, DOUBLE as number. */
export type Cell = string | number | bigint | boolean | null;

/** Rows as records, or as an arquero table. */
export type Rows = readonly Readonly<Record<string, unknown>>[] | ColumnTable;

/** Columns of equal length by their names, in order. */
export type Columns = ReadonlyMap<string, readonly unknown[]>;

/** Rows turned into columns; a record without a key has null there. */
export function toColumns(rows: Rows): Columns {
  if (rows instanceof ColumnTable) {
    return new Map(rows.columnNames().map((name) => [name, Array.from(rows.array(name))]));
  }
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return new Map([...names].map((name) => [name, rows.map((row) => row[name] ?? null)]));
}

/** The narrowest type that holds all values of a column; VARCHAR for mixed or absent ones. */
export function inferType(values: readonly unknown[]): ColumnType {
  const present = values.filter((value) => value !== null && value !== undefined);
  const all = (test: (value: unknown) => boolean) => present.length > 0 && present.every(test);
  if (all((value) => typeof value === "boolean")) return "BOOLEAN";
  if (all((value) => typeof value === "bigint" || Number.isSafeInteger(value))) return "BIGINT";
  if (all((value) => typeof value === "number" || typeof value === "bigint")) return "DOUBLE";
  return "VARCHAR";
}

/** A schema for columns that have none. */
export function inferSchema(columns: Columns): TableSchema {
  return Object.fromEntries([...columns].map(([name, values]) => [name, inferType(values)]));
}

/**
 * Columns as a schema wants them: its order, its types; columns that are absent are null.
 *
 * @param origin The table, for messages.
 * @throws {UsageError} for a column that the schema has not, or a value of another type.
 */
export function fitColumns(columns: Columns, schema: TableSchema, origin: string): Map<string, Cell[]> {
  const unknown = [...columns.keys()].find((name) => !Object.hasOwn(schema, name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Table "${origin}" has no column "${unknown}", expected some of ${Object.keys(schema).join(", ")}.`,
    );
  }
  const [first] = columns.values();
  const length = first?.length ?? 0;
  return new Map(
    Object.entries(schema).map(([name, type]) => {
      const values = columns.get(name) ?? new Array<null>(length).fill(null);
      return [name, values.map((value) => fitCell(value, type, `${origin}.${name}`))];
    }),
  );
}

function fitCell(value: unknown, type: ColumnType, origin: string): Cell {
  if (value === null || value === undefined) return null;
  if (type === "BOOLEAN" && typeof value === "boolean") return value;
  if (type === "DOUBLE" && (typeof value === "number" || typeof value === "bigint")) return Number(value);
  if (type === "BIGINT" && typeof value === "bigint") return value;
  if (type === "BIGINT" && Number.isSafeInteger(value)) return BigInt(value as number);
  if (type === "VARCHAR" && typeof value !== "object") return String(value);
  throw new UsageError(`Column ${origin} holds ${type}, given ${JSON.stringify(value)}.`);
}

/** A value as callers get it: integers as numbers where that is exact, else as bigint; lists as arrays. */
function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, toPlain);
  return Array.isArray(value) ? value.map(toPlain) : value ?? null;
}

/** A query's columns as an arquero table. */
export function toTable(columns: Columns): ColumnTable {
  return table([...columns].map(([name, values]): [string, unknown[]] => [name, values.map(toPlain)]));
}
