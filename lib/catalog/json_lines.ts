/**
 * A JSONL file's objects as rows of a table.
 * @module
 */
import { resolve } from "node:path";
import { RunError, UsageError } from "../core/errors.ts";
import { readJsonLines } from "../core/lines.ts";
import { fitColumns } from "./columns.ts";
import type { Engine } from "./engine.ts";
import type { TableSchema } from "./schema.ts";

/** Lines that become rows at once, where they pass through JavaScript. */
const LINES_AT_ONCE = 10_000;

type Line = Readonly<Record<string, unknown>>;

/**
 * Appends the objects of a file, all or none; keys that the schema has not are left out, absent ones are null.
 *
 * @throws {RunError} naming the file where a line is no JSON, or a value of another type than its column's.
 */
export async function appendJsonLines(
  engine: Engine,
  table: string,
  schema: TableSchema,
  path: string,
): Promise<void> {
  try {
    if (engine.outOfCore !== null) await engine.outOfCore.appendJsonLines(table, schema, resolve(path));
    else await appendInBatches(engine, table, schema, path);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new RunError(`${path} does not fit table "${table}": ${error.message}`);
  }
}

async function appendInBatches(
  engine: Engine,
  table: string,
  schema: TableSchema,
  path: string,
): Promise<void> {
  const append = (lines: readonly Line[]) => {
    const columns = Object.keys(schema).map((name) =>
      [name, lines.map((line) => line[name] ?? null)] as const
    );
    return engine.append(table, schema, fitColumns(new Map(columns), schema, table));
  };
  await engine.execute("BEGIN");
  try {
    let lines: Line[] = [];
    for await (const line of readJsonLines<Line>(path)) {
      if (lines.push(line) < LINES_AT_ONCE) continue;
      await append(lines);
      lines = [];
    }
    await append(lines);
  } catch (error) {
    await engine.execute("ROLLBACK");
    throw error;
  }
  await engine.execute("COMMIT");
}
