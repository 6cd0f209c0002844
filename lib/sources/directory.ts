/**
 * A folder, or one file: text, code, Markdown and LaTeX a document each; JSONL and parquet shards by their own readers.
 * @module
 */
import { basename, join } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Extracted } from "./document.ts";
import { decodeText, isTextFile, requirePath, walkFiles } from "./files.ts";
import { isJsonLines, readJsonl } from "./jsonl.ts";
import { headerLicence } from "./licence.ts";
import { readParquet } from "./parquet.ts";

/** Hears of every file that is passed over, and why. */
export type OnSkip = (path: string, reason: string) => void;

/**
 * The documents below a path, in order of the files' names. The rule for what counts as text is in `files.ts`.
 *
 * @param textField Field or column of the text in JSONL and parquet files.
 * @throws {UsageError} where the path is missing or one file that is no text, and as the readers of JSONL and parquet.
 */
export async function* readDirectory(
  root: string,
  options: { textField?: string | undefined; onSkip?: OnSkip | undefined } = {},
): AsyncGenerator<Extracted> {
  const { isFile } = await requirePath(root);
  if (isFile) {
    const onSkip: OnSkip = (_path, reason) => {
      throw new UsageError(`${root} cannot be read: ${reason}.`);
    };
    yield* readFile(root, basename(root), { textField: options.textField, onSkip });
    return;
  }
  for await (const path of walkFiles(root)) yield* readFile(join(root, path), path, options);
}

/** The documents of one file of a folder. @param path Inside the folder. */
export async function* readFile(
  file: string,
  path: string,
  { textField, onSkip }: { textField?: string | undefined; onSkip?: OnSkip | undefined },
): AsyncGenerator<Extracted> {
  if (isJsonLines(file)) {
    yield* readJsonl(file, textField);
  } else if (file.endsWith(".parquet")) {
    yield* readParquet(file, textField);
  } else if (!isTextFile(file)) {
    onSkip?.(path, "its extension is none of text or code");
  } else {
    const text = decodeText(await Deno.readFile(file));
    if (text === null) {
      onSkip?.(path, "it is binary or no UTF-8");
      return;
    }
    const licence = headerLicence(text);
    yield { text, ...(licence === undefined ? {} : { licence }), metadata: { path } };
  }
}
