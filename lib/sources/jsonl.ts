/**
 * JSON Lines: one document a line, the layout of most published corpora.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Extracted, Metadata } from "./document.ts";
import { recordLicence } from "./licence.ts";
import { readLines } from "./lines.ts";

/** Names of the text field in published corpora, in order of preference. */
export const TEXT_FIELDS = ["text", "content", "raw_content"] as const;

/** Whether a file name is one of JSON Lines. */
export function isJsonLines(name: string): boolean {
  return /\.(jsonl|ndjson)(\.(gz|zst))?$|\.json\.(gz|zst)$/.test(name);
}

/** One object and the number of its line. */
export interface JsonLine {
  readonly value: Readonly<Record<string, unknown>>;
  readonly number: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The objects of a JSONL file (plain, .gz, .zst); blank lines are passed over.
 *
 * @throws {UsageError} naming file and line where a line is no JSON object in UTF-8, and as {@link readLines}.
 */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine> {
  for await (const { bytes, number } of readLines(path)) {
    const fail = (what: string) => new UsageError(`${path}, line ${number}: ${what}.`);
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw fail("the line is no UTF-8");
    }
    if (text.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw fail(`the line is no valid JSON (${error instanceof Error ? error.message : error})`);
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw fail(`the line is ${JSON.stringify(value)?.slice(0, 40)}, expected a JSON object`);
    }
    yield { value: value as Record<string, unknown>, number };
  }
}

/** The scalar fields of a record besides its text; long strings are left out, because metadata is no second text. */
export function scalarFields(record: Readonly<Record<string, unknown>>, textField: string): Metadata {
  const metadata: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(record)) {
    if (key === textField) continue;
    if (typeof value === "string" && value.length <= 200 || typeof value === "number") metadata[key] = value;
    else if (typeof value === "boolean" || value === null) metadata[key] = value;
  }
  return metadata;
}

/**
 * The documents of a JSONL file.
 *
 * @param textField The field with the text; by default the first of {@link TEXT_FIELDS} that a line has.
 * @throws {UsageError} as {@link readJsonLines}, and where a line has no such field.
 */
export async function* readJsonl(path: string, textField?: string): AsyncGenerator<Extracted> {
  const candidates: readonly string[] = textField === undefined ? TEXT_FIELDS : [textField];
  for await (const { value, number } of readJsonLines(path)) {
    const field = candidates.find((name) => typeof value[name] === "string");
    if (field === undefined) {
      throw new UsageError(
        `${path}, line ${number}: no text in field ${candidates.map((name) => `"${name}"`).join(", ")}; ` +
          `it has ${Object.keys(value).map((name) => `"${name}"`).join(", ") || "no fields"}.`,
      );
    }
    const licence = recordLicence(value);
    yield {
      text: value[field] as string,
      ...(licence === undefined ? {} : { licence }),
      metadata: scalarFields(value, field),
    };
  }
}
