/**
 * Parquet files with a text column, read row group by row group.
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
import type { Extracted } from "./document.ts";
import { requirePath } from "./files.ts";
import { scalarFields, TEXT_FIELDS } from "./jsonl.ts";
import { recordLicence } from "./licence.ts";

/**
 * The documents of a parquet file; rows without text (null) are passed over.
 *
 * @param textField The column with the text; by default the first of {@link TEXT_FIELDS} that there is.
 * @throws {UsageError} where the file is missing, is no parquet, or has no such column of strings (listing its columns).
 */
export async function* readParquet(path: string, textField?: string): AsyncGenerator<Extracted> {
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
  const candidates: readonly string[] = textField === undefined ? TEXT_FIELDS : [textField];
  const field = candidates.find((name) =>
    columns.some(({ element }) => element.name === name && element.type === "BYTE_ARRAY")
  );
  if (field === undefined) {
    throw new UsageError(
      `${path} has no text column ${candidates.map((name) => `"${name}"`).join(", ")}; ` +
        `it has ${
          columns.map(({ element }) => `"${element.name}" (${element.type ?? "group"})`).join(", ") ||
          "no columns"
        }.`,
    );
  }
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    let rows: Record<string, unknown>[];
    try {
      rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      throw new UsageError(`${path}: rows ${rowStart} to ${rowEnd - 1} cannot be read: ${reason}.`);
    }
    for (const row of rows) {
      const text = row[field];
      if (typeof text !== "string") continue;
      const licence = recordLicence(row);
      yield { text, ...(licence === undefined ? {} : { licence }), metadata: scalarFields(row, field) };
    }
    rowStart = rowEnd;
  }
}
