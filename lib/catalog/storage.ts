/**
 * A catalogue on disk: a parquet file per table, because the two engines' own formats differ.
 * @module
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import {
  type BasicType,
  type ColumnSource,
  fileWriter,
  ParquetWriter,
  schemaFromColumnData,
} from "hyparquet-writer";
import { join } from "node:path";
import { writeFileAtomic } from "../core/artefacts.ts";
import { type Cell, type Columns, fitColumns } from "./columns.ts";
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

/** Rows of a row group: what is in memory while a table is written. */
const GROUP_ROWS = 100_000;

/**
 * Writes a table, whatever parts it comes in: equal content gives equal bytes.
 *
 * @throws {UsageError} for a value of another type than its column's.
 */
export async function writeTable(
  path: string,
  schema: TableSchema,
  parts: AsyncIterable<Columns>,
): Promise<void> {
  const sources = (columns: ReadonlyMap<string, Cell[]>): ColumnSource[] =>
    Object.entries(schema).map(([name, type]) => ({
      name,
      data: columns.get(name) ?? [],
      type: PARQUET_TYPES[type],
      nullable: true,
    }));
  await writeFileAtomic(path, async (_file, temporary) => {
    const writer = new ParquetWriter({
      writer: fileWriter(temporary),
      schema: schemaFromColumnData({ columnData: sources(new Map()) }),
    });
    for await (const group of rowGroups(schema, parts)) {
      await writer.write({
        columnData: sources(fitColumns(group, schema, path)),
        rowGroupSize: GROUP_ROWS,
      });
    }
    await writer.finish();
  });
}

/** The same rows in parts of {@link GROUP_ROWS}. */
async function* rowGroups(schema: TableSchema, parts: AsyncIterable<Columns>): AsyncGenerator<Columns> {
  const names = Object.keys(schema);
  const empty = () => new Map(names.map((name): [string, unknown[]] => [name, []]));
  let group = empty(), held = 0;
  for await (const part of parts) {
    const rows = part.values().next().value?.length ?? 0;
    for (let start = 0; start < rows;) {
      const end = Math.min(rows, start + GROUP_ROWS - held);
      for (const [name, column] of group) {
        const values = part.get(name) ?? [];
        for (let i = start; i < end; i++) column.push(values[i]);
      }
      held += end - start;
      start = end;
      if (held < GROUP_ROWS) continue;
      yield group;
      [group, held] = [empty(), 0];
    }
  }
  if (held > 0) yield group;
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
