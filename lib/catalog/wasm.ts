/**
 * DuckDB in WebAssembly. It runs in this thread: a query is a function call on the module.
 * @module
 */
import { createDuckDB, type DuckDBBundles, NODE_RUNTIME, VoidLogger } from "@duckdb/duckdb-wasm/blocking";
import {
  bool,
  type DataType,
  float64,
  int64,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Columns } from "./columns.ts";
import { type Engine, sqlError } from "./engine.ts";
import type { ColumnType } from "./schema.ts";

/**
 * Parquet, JSON and the network are extensions that this build would download at first use; offline that kills the process.
 * Without external access such a query is an error instead.
 */
const SETTINGS = "SET autoload_known_extensions = false; SET autoinstall_known_extensions = false; " +
  "SET enable_external_access = false;";

const ARROW_TYPES: Record<ColumnType, () => DataType> = {
  VARCHAR: utf8,
  DOUBLE: float64,
  BIGINT: int64,
  BOOLEAN: bool,
};

function readResult(ipc: Uint8Array): Columns {
  const result = tableFromIPC(ipc, { useBigInt: true, useDate: true });
  return new Map(result.names.map((name, i) => [name, Array.from(result.getChildAt(i))]));
}

/** Calls the module; its errors become ours. */
function attempt<T>(sql: string, call: () => T): Promise<T> {
  return Promise.try(call).catch((error) => {
    throw sqlError(error, sql);
  });
}

/** Opens an empty database (about 1 s, most of it to compile the module). */
export async function openWasm(): Promise<Engine> {
  const dist = dirname(fileURLToPath(import.meta.resolve("@duckdb/duckdb-wasm/blocking")));
  // The workers are for browsers; this API needs none.
  const bundles: DuckDBBundles = {
    mvp: { mainModule: join(dist, "duckdb-mvp.wasm"), mainWorker: "" },
    eh: { mainModule: join(dist, "duckdb-eh.wasm"), mainWorker: "" },
  };
  const database = await createDuckDB(bundles, new VoidLogger(), NODE_RUNTIME);
  await database.instantiate(() => {});
  database.open({ path: ":memory:" });
  const connection = database.connect();
  connection.useUnsafe((bindings, id) => bindings.runQuery(id, SETTINGS));
  const query: Engine["query"] = (sql, parameters) =>
    attempt(sql, () =>
      connection.useUnsafe((bindings, id) => {
        const statement = bindings.createPrepared(id, sql);
        try {
          return readResult(bindings.runPrepared(id, statement, [...parameters]));
        } finally {
          bindings.closePrepared(id, statement);
        }
      }));
  return {
    name: "wasm",
    outOfCore: null,
    query,
    async *stream(sql) {
      yield await query(sql, []);
    },
    execute: (sql) =>
      attempt(sql, () => {
        connection.useUnsafe((bindings, id) => bindings.runQuery(id, sql));
      }),
    append(table, schema, columns) {
      const types = Object.fromEntries(
        Object.entries(schema).map(([name, type]) => [name, ARROW_TYPES[type]()]),
      );
      // Without a sink, tableToIPC returns the bytes.
      const ipc = tableToIPC(tableFromArrays([...columns], { types }), { format: "stream" }) as Uint8Array;
      const options = { name: table, schema: "main", create: false };
      return attempt(
        `INSERT INTO ${table}`,
        () => connection.useUnsafe((bindings, id) => bindings.insertArrowFromIPCStream(id, ipc, options)),
      );
    },
    [Symbol.asyncDispose]() {
      connection.close();
      database.reset();
      return Promise.resolve();
    },
  };
}
