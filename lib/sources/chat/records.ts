/**
 * Records of a published data set: lines of JSONL (.gz, .zst) or rows of parquet, in one file or in all files of a folder.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { requirePath, walkFiles } from "../files.ts";
import { isJsonLines, readJsonLines } from "../jsonl.ts";
import { openParquet } from "../parquet_rows.ts";

/** One record, and where it stands. */
export interface PlacedRecord {
  readonly value: Readonly<Record<string, unknown>>;
  /** "FILE, line 3" or "FILE, row 3", for messages. */
  readonly place: string;
}

/** Whether a file is one of records. */
export function isRecordFile(name: string): boolean {
  return isJsonLines(name) || name.endsWith(".parquet");
}

/**
 * The records of a file.
 *
 * @param columns Of a parquet file, those to read; by default all.
 * @throws {UsageError} naming file and line or rows where something is malformed, and where the file is of another kind.
 */
export async function* readFileRecords(
  path: string,
  columns?: readonly string[],
): AsyncGenerator<PlacedRecord> {
  if (isJsonLines(path)) {
    for await (const { value, number } of readJsonLines(path)) {
      yield { value, place: `${path}, line ${number}` };
    }
  } else if (path.endsWith(".parquet")) {
    const { rows } = await openParquet(path);
    for await (const { value, number } of rows(columns)) yield { value, place: `${path}, row ${number}` };
  } else {
    throw new UsageError(`${path} has another extension than .jsonl, .jsonl.gz, .jsonl.zst and .parquet.`);
  }
}

/**
 * The records of a file, or of all files of records below a folder, in order of their names; other files are passed over.
 *
 * @throws {UsageError} as {@link readFileRecords}, and where a folder has no such file.
 */
export async function* readRecords(path: string): AsyncGenerator<PlacedRecord> {
  if ((await requirePath(path)).isFile) return yield* readFileRecords(path);
  let files = 0;
  for await (const file of walkFiles(path)) {
    if (!isRecordFile(file)) continue;
    files++;
    yield* readFileRecords(join(path, file));
  }
  if (files === 0) throw new UsageError(`${path} has no files of JSONL or parquet.`);
}
