/**
 * Records of benchmark files: JSON Lines, JSON, CSV and parquet alike, found below `--data DIR`.
 * @module
 */
import { fromCSV } from "arquero";
import { basename, join } from "node:path";
import { z } from "zod";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { requirePath, walkFiles } from "../sources/files.ts";
import { isJsonLines, readJsonLines } from "../sources/jsonl.ts";
import { openParquet } from "../sources/parquet_rows.ts";

/** One record and where it stands. */
export interface BenchmarkRecord {
  readonly value: unknown;
  readonly path: string;
  /** From 1 in its file. */
  readonly number: number;
}

/**
 * The files of a benchmark: those in the first of its folders that has any which match.
 *
 * @param pattern Of paths inside the folder, with "/".
 * @throws {UsageError} where the data directory is missing or nothing matches.
 */
export async function findBenchmarkFiles(
  data: string,
  folders: readonly string[],
  pattern: RegExp,
): Promise<string[]> {
  await requirePath(data);
  for (const folder of folders) {
    const root = join(data, folder);
    if (!await exists(root)) continue;
    const paths = (await Array.fromAsync(walkFiles(root))).filter((path) => pattern.test(path));
    if (paths.length > 0) return paths.map((path) => join(root, path));
  }
  throw new UsageError(
    `${data} has no file ${pattern.source} in ${folders.map((folder) => `${folder}/`).join(" or ")}.`,
  );
}

/** Whether there are such files; none where the data directory is missing. */
export async function hasBenchmarkFiles(...wanted: Parameters<typeof findBenchmarkFiles>): Promise<boolean> {
  try {
    await findBenchmarkFiles(...wanted);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/**
 * The records of a file by its ending: .jsonl (.gz, .zst), .json (a list, or one under "Data"), .csv, .parquet. Whole numbers of 64 bits
 * become numbers.
 *
 * @throws {UsageError} where the file is in none of these forms.
 */
export async function* readRecords(path: string): AsyncGenerator<BenchmarkRecord> {
  if (isJsonLines(path)) {
    for await (const { value, number } of readJsonLines(path)) yield { value, path, number };
  } else if (path.endsWith(".json")) yield* readJson(path);
  else if (path.endsWith(".csv")) yield* readCsv(path);
  else if (path.endsWith(".parquet")) {
    const { rows } = await openParquet(path);
    for await (const { value, number } of rows()) yield { value: withNumbers(value), path, number };
  } else throw new UsageError(`${path} is no benchmark file, expected .jsonl, .json, .csv or .parquet.`);
}

async function* readJson(path: string): AsyncGenerator<BenchmarkRecord> {
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is no valid JSON: ${error.message}.`);
    throw error;
  }
  const list = z.union([
    z.array(z.unknown()),
    z.object({ Data: z.array(z.unknown()) }).transform(({ Data }) => Data),
  ]).safeParse(content);
  if (!list.success) throw new UsageError(`${path} is no list of records.`);
  for (const [i, value] of list.data.entries()) yield { value, path, number: i + 1 };
}

/** Rows as lists of strings, the first line too: not every published file has a header. */
async function* readCsv(path: string): AsyncGenerator<BenchmarkRecord> {
  const text = await Deno.readTextFile(path);
  const table = fromCSV(text, { header: false, autoType: false });
  const names = table.columnNames();
  const columns = names.map((name) => table.array(name));
  for (let row = 0; row < table.numRows(); row++) {
    yield { value: columns.map((column) => column[row]), path, number: row + 1 };
  }
}

/** Parquet's 64-bit numbers come as bigints; benchmarks have small ones. */
function withNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withNumbers(entry)]));
}

/** "test.jsonl, line 3": for messages. */
export function placeOf({ path, number }: BenchmarkRecord): string {
  return `${path}, record ${number}`;
}

/** "test.jsonl:3": an id for records that have none. */
export function idOf({ path, number }: BenchmarkRecord): string {
  return `${basename(path).replace(/\..*$/, "")}:${number}`;
}

/**
 * A record's fields, checked.
 *
 * @throws {UsageError} naming file, record, field and what was expected.
 */
export function parseRecord<Schema extends z.ZodType>(
  record: BenchmarkRecord,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(record.value);
  if (parsed.success) return parsed.data;
  // Of a union, the layout that came closest says most.
  let issue = parsed.error.issues[0];
  while (issue?.code === "invalid_union") {
    issue = issue.errors.toSorted((a, b) => a.length - b.length)[0]?.[0];
  }
  const field = issue?.path.join(".") ?? "";
  throw new UsageError(
    `${placeOf(record)}: ${field === "" ? "the record" : `field "${field}"`} is in no known layout (${
      issue?.message ?? "of none"
    }).`,
  );
}
