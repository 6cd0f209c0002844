/**
 * Parquet files with a text column, read row group by row group.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Extracted } from "./document.ts";
import { scalarFields, TEXT_FIELDS } from "./jsonl.ts";
import { recordLicence } from "./licence.ts";
import { openParquet } from "./parquet_rows.ts";

/**
 * The documents of a parquet file; rows without text (null) are passed over.
 *
 * @param textField The column with the text; by default the first of {@link TEXT_FIELDS} that there is.
 * @throws {UsageError} where the file is missing, is no parquet, or has no such column of strings (listing its columns).
 */
export async function* readParquet(path: string, textField?: string): AsyncGenerator<Extracted> {
  const { columns, rows } = await openParquet(path);
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
  for await (const { value } of rows()) {
    const text = value[field];
    if (typeof text !== "string") continue;
    const licence = recordLicence(value);
    yield { text, ...(licence === undefined ? {} : { licence }), metadata: scalarFields(value, field) };
  }
}
