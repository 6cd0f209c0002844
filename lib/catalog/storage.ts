/**
 * A catalogue on disk: a parquet file per table, because the two engines' own formats differ.
 * @module
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import { join } from "node:path";
import { writeFileAtomic } from "../core/artefacts.ts";
import type { Cell } from "./columns.ts";
import type { ColumnType, TableSchema } from "./schema.ts";

const PARQUET_TYPES: Record<ColumnType, BasicType> = {
  VARCHAR: "STRING",
  DOUBLE: "DOUBLE",
  BIGINT: "INT64",
  BOOLEAN: "BOOLEAN",
};

/** The file of a table. */
export function tablePath(directory: string, name: string): string {
  return join(directory, `${name}.parquet`);
}

/** Writes a table; equal content gives equal bytes. */
export async function writeTable(
  path: string,
  schema: TableSchema,
  columns: ReadonlyMap<string, readonly Cell[]>,
): Promise<void> {
  const columnData = Object.entries(schema).map(([column, type]) => ({
    name: column,
    data: [...columns.get(column) ?? []],
    type: PARQUET_TYPES[type],
    nullable: true,
  }));
  const bytes = parquetWriteBuffer({ columnData });
  await writeFileAtomic(path, new Uint8Array(bytes));
}

/** Names of the tables in a folder, sorted; none where there is no folder. */
export async function listTables(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (isFile && name.endsWith(".parquet")) names.push(name.slice(0, -".parquet".length));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Reads a table that {@link writeTable} or DuckDB wrote. @throws where the file is corrupt. */
export async function readTable(
  path: string,
): Promise<{ readonly schema: TableSchema; readonly rows: Record<string, unknown>[] }> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const schema = Object.fromEntries(
    parquetSchema(metadata).children.map(({ element }) => {
      const type = Object.entries(PARQUET_TYPES).find(([, parquet]) =>
        parquet === (element.type === "BYTE_ARRAY" ? "STRING" : element.type)
      )?.[0];
      return [element.name, (type ?? "VARCHAR") as ColumnType];
    }),
  );
  return { schema, rows: await parquetReadObjects({ file, metadata }) };
}
