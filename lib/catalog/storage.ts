/**
 * A catalogue on disk: a parquet file per table, because the two engines' own formats differ.
 * @module
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import { join } from "node:path";
import { writeFileAtomic } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import type { Cell } from "./columns.ts";
import type { ColumnType, TableSchema } from "./schema.ts";

const PARQUET_TYPES: Record<ColumnType, BasicType> = {
  VARCHAR: "STRING",
  DOUBLE: "DOUBLE",
  BIGINT: "INT64",
  BOOLEAN: "BOOLEAN",
};

/** A table with its schema, read from or to be written to a file. */
export interface StoredTable {
  readonly name: string;
  readonly schema: TableSchema;
}

/** Writes a table to `directory/name.parquet`; equal content gives equal bytes. */
export async function writeTable(
  directory: string,
  { name, schema }: StoredTable,
  columns: ReadonlyMap<string, readonly Cell[]>,
): Promise<void> {
  const columnData = Object.entries(schema).map(([column, type]) => ({
    name: column,
    data: [...columns.get(column) ?? []],
    type: PARQUET_TYPES[type],
    nullable: true,
  }));
  const bytes = parquetWriteBuffer({ columnData });
  await writeFileAtomic(join(directory, `${name}.parquet`), new Uint8Array(bytes));
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

/** Reads a table that {@link writeTable} wrote. @throws {UsageError} where the file is corrupt. */
export async function readTable(
  directory: string,
  name: string,
): Promise<StoredTable & { readonly rows: Record<string, unknown>[] }> {
  const path = join(directory, `${name}.parquet`);
  try {
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
    return { name, schema, rows: await parquetReadObjects({ file, metadata }) };
  } catch (error) {
    throw new UsageError(
      `${path} is no valid table of a catalogue: ${error instanceof Error ? error.message : error}.`,
    );
  }
}
