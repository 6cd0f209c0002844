/**
 * The catalogue: what there is to train on and what came of it, in SQL.
 * @module
 */
import type { ColumnTable } from "arquero";
import { UsageError } from "../core/errors.ts";
import { type Columns, fitColumns, inferSchema, type Rows, toColumns, toTable } from "./columns.ts";
import type { Engine, EngineName, Parameter } from "./engine.ts";
import { appendJsonLines } from "./json_lines.ts";
import { type EngineSettings, openEngine } from "./open_engine.ts";
import { type ColumnType, createTable, quoteName, TABLES, type TableSchema } from "./schema.ts";
import { listTables, readTable, tablePath, writeTable } from "./storage.ts";

/** Tables with this prefix come with the project (`published.ts`) and are not saved. */
export const PUBLISHED_PREFIX = "paper_";

/** An open catalogue. The same SQL means the same in both engines. */
export interface Catalog extends AsyncDisposable {
  readonly engine: EngineName;
  /**
   * Runs one statement. Integers come back as numbers where that is exact, else as bigint.
   *
   * @param parameters Values of the statement's `?`.
   * @throws {UsageError} with DuckDB's message.
   */
  query(sql: string, parameters?: readonly Parameter[]): Promise<ColumnTable>;
  /** A query's result in parts, columns by their names: for more rows than memory holds. @throws {UsageError} with DuckDB's message. */
  stream(sql: string): AsyncIterable<Columns>;
  /**
   * Appends rows: many at once, since a call takes about 10 ms whatever their number. A table that is not there is made, its column
   * types taken from the values.
   *
   * @throws {UsageError} for a column that the table has not, or a value of another type than its column's.
   */
  insert(table: string, rows: Rows): Promise<void>;
  /**
   * Appends a JSONL file's objects, all or none; keys that the table has no column for are left out. Lines are streamed: the native
   * engine takes in more of them than memory holds.
   *
   * @throws {UsageError} where there is no such table.
   * @throws {RunError} naming the file where a line is no JSON, or a value of another type than its column's.
   */
  insertJsonLines(table: string, path: string): Promise<void>;
  /** Runs statements apart by ";", without a result. @throws {UsageError} with DuckDB's message. */
  execute(sql: string): Promise<void>;
  /** Writes every table but the published ones to the directory: the same bytes from either engine. @throws {UsageError} where it has none. */
  save(): Promise<void>;
}

/**
 * Opens a catalogue with the tables of `schema.ts`, and those that its directory holds.
 *
 * @param options.directory Where {@link Catalog.save} writes and the next opening reads; it need not exist yet.
 * @throws {UsageError} as {@link openEngine}, and for a corrupt table.
 *
 * @example
 * ```ts
 * import { openCatalog } from "./catalog.ts";
 * import assert from "node:assert/strict";
 * await using catalog = await openCatalog();
 * await catalog.insert("documents", [{ id: "a", source: "three", tokens: 7 }, { id: "b", source: "three", tokens: 5 }]);
 * const table = await catalog.query("SELECT source, sum(tokens) AS tokens FROM documents GROUP BY source");
 * assert.deepEqual(table.objects(), [{ source: "three", tokens: 12 }]);
 * ```
 */
export async function openCatalog(
  { directory, ...settings }: EngineSettings & { readonly directory?: string } = {},
): Promise<Catalog> {
  const engine = await openEngine(settings);
  try {
    for (const [table, schema] of Object.entries(TABLES)) await engine.execute(createTable(table, schema));
    const catalog = new EngineCatalog(engine, directory);
    if (directory !== undefined) await loadTables(catalog, engine, directory);
    return catalog;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function loadTables(catalog: Catalog, engine: Engine, directory: string): Promise<void> {
  for (const name of await listTables(directory)) {
    const path = tablePath(directory, name);
    try {
      if (engine.outOfCore !== null) {
        await engine.outOfCore.appendParquet(name, path);
        continue;
      }
      const { schema, rows } = await readTable(path);
      if (!Object.hasOwn(TABLES, name)) await catalog.execute(createTable(name, schema));
      await catalog.insert(name, rows);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      throw new UsageError(`${path} is no valid table of a catalogue: ${reason}`);
    }
  }
}

class EngineCatalog implements Catalog {
  readonly engine: EngineName;
  readonly #engine: Engine;
  readonly #directory: string | undefined;

  constructor(engine: Engine, directory: string | undefined) {
    this.engine = engine.name;
    this.#engine = engine;
    this.#directory = directory;
  }

  async query(sql: string, parameters: readonly Parameter[] = []): Promise<ColumnTable> {
    return toTable(await this.#engine.query(sql, parameters));
  }

  stream(sql: string): AsyncIterable<Columns> {
    return this.#engine.stream(sql);
  }

  async insert(table: string, rows: Rows): Promise<void> {
    const columns = toColumns(rows);
    if (columns.size === 0) return;
    let schema = await this.#schema(table);
    if (schema === undefined) {
      schema = inferSchema(columns);
      await this.#engine.execute(createTable(table, schema));
    }
    await this.#engine.append(table, schema, fitColumns(columns, schema, table));
  }

  async insertJsonLines(table: string, path: string): Promise<void> {
    const schema = await this.#schema(table);
    if (schema === undefined) {
      throw new UsageError(`There is no table "${table}" for the lines of ${path}.`);
    }
    await appendJsonLines(this.#engine, table, schema, path);
  }

  execute(sql: string): Promise<void> {
    return this.#engine.execute(sql);
  }

  async save(): Promise<void> {
    const directory = this.#directory;
    if (directory === undefined) {
      throw new UsageError("The catalogue was opened without a directory, so it cannot be saved.");
    }
    const tables = await this.#engine.query(
      "SELECT table_name FROM information_schema.tables " +
        "WHERE table_schema = 'main' AND table_type = 'BASE TABLE' ORDER BY table_name",
      [],
    );
    for (const value of tables.get("table_name") ?? []) {
      const name = String(value);
      const schema = await this.#schema(name);
      if (schema === undefined || name.startsWith(PUBLISHED_PREFIX)) continue;
      const values = Object.entries(schema).map(([column, type]) =>
        `CAST(${quoteName(column)} AS ${type}) AS ${quoteName(column)}`
      );
      const sql = `SELECT ${values.join(", ")} FROM ${quoteName(name)}`;
      await writeTable(tablePath(directory, name), schema, this.#engine.stream(sql));
    }
  }

  /** Columns of a table and their types; undefined where there is no such table. */
  async #schema(table: string): Promise<TableSchema | undefined> {
    let columns: Columns;
    try {
      columns = await this.#engine.query(`DESCRIBE ${quoteName(table)}`, []);
    } catch {
      // The only way for it to fail; asking the information schema first takes ten times as long.
      return undefined;
    }
    const types = columns.get("column_type") ?? [];
    return Object.fromEntries(
      (columns.get("column_name") ?? []).map((name, i) => [String(name), storedType(String(types[i]))]),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#engine[Symbol.asyncDispose]());
  }
}

/** The type that holds the values of any SQL type; someone's own tables may have others than ours. */
function storedType(sqlType: string): ColumnType {
  if (sqlType === "BOOLEAN" || sqlType === "DOUBLE" || sqlType === "BIGINT") return sqlType;
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/.test(sqlType)) return "BIGINT";
  return /^(FLOAT|DECIMAL)/.test(sqlType) ? "DOUBLE" : "VARCHAR";
}
