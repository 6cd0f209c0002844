/**
 * What a catalogue needs of a database: DuckDB in WebAssembly, or DuckDB's native library.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Cell, Columns } from "./columns.ts";
import type { TableSchema } from "./schema.ts";

/** Names of the engines. */
export const ENGINES = ["wasm", "native"] as const;
/** "wasm": one thread, up to 3.1 GiB, always there. "native": all cores, spills to disk, an optional package. */
export type EngineName = typeof ENGINES[number];

/** What stands for a `?` in a statement. */
export type Parameter = string | number | bigint | boolean | null;

/** What an engine reads without making every row a JavaScript value, so that the memory it takes does not depend on their number. */
export interface OutOfCore {
  /** Appends the lines of a JSONL file; keys that the schema has not are left out. @throws {UsageError} with DuckDB's message. */
  appendJsonLines(table: string, schema: TableSchema, path: string): Promise<void>;
  /** Appends a parquet file to a table, which is made where it is not there. @throws {UsageError} with DuckDB's message. */
  appendParquet(table: string, path: string): Promise<void>;
}

/** One database, gone with its process. */
export interface Engine extends AsyncDisposable {
  readonly name: EngineName;
  /** null: this engine holds everything in memory. */
  readonly outOfCore: OutOfCore | null;
  /** Runs one statement and gives its result. @throws {UsageError} with DuckDB's message. */
  query(sql: string, parameters: readonly Parameter[]): Promise<Columns>;
  /** A query's result in parts: natively some thousand rows each, lists as arrays. @throws {UsageError} with DuckDB's message. */
  stream(sql: string): AsyncIterable<Columns>;
  /** Runs statements apart by ";". @throws {UsageError} with DuckDB's message. */
  execute(sql: string): Promise<void>;
  /** Appends rows to a table of that schema. @throws {UsageError} where a value does not fit its column. */
  append(table: string, schema: TableSchema, columns: ReadonlyMap<string, Cell[]>): Promise<void>;
}

/** DuckDB's error as one sentence, naming the statement. */
export function sqlError(error: unknown, sql: string): UsageError {
  const thrown = error instanceof Error ? error.message : String(error);
  // Appending in WebAssembly throws JSON.
  const message = /^\{"exception_type"/.test(thrown) ? String(JSON.parse(thrown).exception_message) : thrown;
  const [reason = ""] = message.replace(/^Failed to extract statements: /, "").split("\n");
  const statement = sql.trim().replace(/\s+/g, " ");
  const shown = statement.length > 80 ? `${statement.slice(0, 80)}…` : statement;
  return new UsageError(`${reason} (in: ${shown})`);
}
