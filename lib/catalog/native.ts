/**
 * DuckDB's native library: all cores, and tables larger than memory.
 *
 * The database is a file in a directory of its own, which is removed when it closes: on disk columns are compressed, and what a query
 * does not touch takes no memory.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";
import { type Engine, type OutOfCore, sqlError } from "./engine.ts";
import { quoteName, quoteText } from "./schema.ts";
import { makeSpillDirectory } from "./spill_directory.ts";

/** Rows in one chunk of an appender: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/**
 * Opens an empty database.
 *
 * @param spillDirectory Where its files are; by default the system's directory for temporary files.
 * @throws {UsageError} where there is no such directory, or the package is not installed for this platform.
 */
export async function openNative(spillDirectory?: string): Promise<Engine> {
  const { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, DuckDBInstance, JSDuckDBValueConverter, VARCHAR } =
    await loadPackage();
  const types = { VARCHAR, DOUBLE, BIGINT, BOOLEAN };
  const directory = await makeSpillDirectory("catalog-", spillDirectory);
  const instance = await DuckDBInstance.create(join(directory, "tables.duckdb"), {
    autoload_known_extensions: "false",
    autoinstall_known_extensions: "false",
    temp_directory: join(directory, "spilled"),
  }).catch(async (error) => {
    await Deno.remove(directory, { recursive: true });
    throw sqlError(error, "open a database");
  });
  const connection = await instance.connect();
  const execute = async (sql: string) => {
    try {
      await connection.run(sql);
    } catch (error) {
      throw sqlError(error, sql);
    }
  };
  return {
    name: "native",
    outOfCore: outOfCore(execute),
    execute,
    async query(sql, parameters) {
      try {
        const reader = await connection.runAndReadAll(sql, [...parameters]);
        const columns = reader.getColumnsJS();
        return new Map(reader.columnNames().map((name, i) => [name, columns[i] ?? []]));
      } catch (error) {
        throw sqlError(error, sql);
      }
    },
    async *stream(sql) {
      try {
        const result = await connection.stream(sql);
        const names = result.columnNames();
        for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
          const columns = chunk.convertColumns(JSDuckDBValueConverter);
          yield new Map(names.map((name, i) => [name, columns[i] ?? []]));
        }
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
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function loadPackage(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new UsageError(
      `The catalogue engine "native" needs the npm package @duckdb/node-api, which does not load here: ${reason}`,
    );
  }
}

function outOfCore(execute: (sql: string) => Promise<void>): OutOfCore {
  return {
    appendJsonLines(table, schema, path) {
      const columns = Object.entries(schema).map(([name, type]) => `${quoteText(name)}: '${type}'`);
      return execute(
        `INSERT INTO ${quoteName(table)} SELECT * FROM read_json(${quoteText(path)}, ` +
          `format = 'newline_delimited', columns = {${columns.join(", ")}})`,
      );
    },
    async appendParquet(table, path) {
      const rows = `FROM read_parquet(${quoteText(path)})`;
      await execute(`CREATE TABLE IF NOT EXISTS ${quoteName(table)} AS ${rows} LIMIT 0`);
      await execute(`INSERT INTO ${quoteName(table)} BY NAME ${rows}`);
    },
  };
}
