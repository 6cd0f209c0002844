/**
 * Rows of a parquet file, one row group in memory at a time.
 * @module
 */
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { UsageError } from "../core/errors.ts";
import { requirePath } from "./files.ts";

/** One row and its number from 1. */
export interface ParquetRow {
  readonly value: Readonly<Record<string, unknown>>;
  readonly number: number;
}

/** A parquet file whose footer is read. */
export interface ParquetFile {
  readonly columns: readonly SchemaTree[];
  /**
   * Its rows in order.
   *
   * @param names Columns to read; by default all.
   * @throws {UsageError} naming the rows that cannot be read.
   */
  rows(names?: readonly string[]): AsyncGenerator<ParquetRow>;
}

/** Opens a parquet file. @throws {UsageError} where it is missing or is no parquet. */
export async function openParquet(path: string): Promise<ParquetFile> {
  await requirePath(path);
  const file = await asyncBufferFromFile(path);
  let metadata: FileMetaData;
  let columns: SchemaTree[];
  try {
    metadata = await parquetMetadataAsync(file);
    columns = parquetSchema(metadata).children;
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new UsageError(`${path} is no valid parquet file: ${reason}.`);
  }
  async function* rows(names?: readonly string[]): AsyncGenerator<ParquetRow> {
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      let values: Record<string, unknown>[];
      try {
        values = await parquetReadObjects({
          ...{ file, metadata, rowStart, rowEnd, compressors },
          ...(names && { columns: [...names] }),
        });
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        throw new UsageError(`${path}: rows ${rowStart} to ${rowEnd - 1} cannot be read: ${reason}.`);
      }
      for (const [i, value] of values.entries()) yield { value, number: rowStart + i + 1 };
      rowStart = rowEnd;
    }
  }
  return { columns, rows };
}
