/**
 * DuckDB's native library: all cores, and it spills to disk.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Engine, sqlError } from "./engine.ts";

/** Rows in one chunk of an appender: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/** Opens an empty database. @throws {UsageError} where the package is not installed for this platform. */
export async function openNative(): Promise<Engine> {
  let duckdb: typeof import("@duckdb/node-api");
  try {
    duckdb = await import("@duckdb/node-api");
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new UsageError(
      `The catalogue engine "native" needs the npm package @duckdb/node-api, which does not load here: ${reason}`,
    );
  }
  const { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, DuckDBInstance, VARCHAR } = duckdb;
  const types = { VARCHAR, DOUBLE, BIGINT, BOOLEAN };
  const instance = await DuckDBInstance.create(":memory:", {
    autoload_known_extensions: "false",
    autoinstall_known_extensions: "false",
  });
  const connection = await instance.connect();
  return {
    async query(sql, parameters) {
      try {
        const reader = await connection.runAndReadAll(sql, [...parameters]);
        const columns = reader.getColumnsJS();
        return new Map(reader.columnNames().map((name, i) => [name, columns[i] ?? []]));
      } catch (error) {
        throw sqlError(error, sql);
      }
    },
    async execute(sql) {
      try {
        await connection.run(sql);
      } catch (error) {
        throw sqlError(error, sql);
      }
    },
    async append(table, schema, columns) {
      const values = [...columns.values()];
      const rows = values[0]?.length ?? 0;
      try {
        const appender = await connection.createAppender(table);
        for (let start = 0; start < rows; start += CHUNK_ROWS) {
          const chunk = DuckDBDataChunk.create(Object.values(schema).map((type) => types[type]));
          chunk.setColumns(values.map((column) => column.slice(start, start + CHUNK_ROWS)));
          appender.appendDataChunk(chunk);
        }
        appender.closeSync();
      } catch (error) {
        throw sqlError(error, `INSERT INTO ${table}`);
      }
    },
    [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      return Promise.resolve();
    },
  };
}
