/**
 * The documents of a source, whatever its reader.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { readDebian } from "./debian.ts";
import { type OnSkip, readDirectory } from "./directory.ts";
import { type Document, documentId, type Extracted } from "./document.ts";
import { readHub } from "./hub.ts";
import { readJsonl } from "./jsonl.ts";
import { readNpm } from "./npm.ts";
import { readParquet } from "./parquet.ts";
import type { Reader, SourceSpec } from "./spec.ts";
import { splitText } from "./split.ts";
import { readWordProblems } from "./word_problems/read.ts";

/** What a reading can be told. */
interface ReadOptions {
  /** Stops between two documents, and within a download. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of the files of a folder that are no text. */
  readonly onSkip?: OnSkip | undefined;
}

function extracted(reader: Reader, { signal, onSkip }: ReadOptions): AsyncGenerator<Extracted> {
  switch (reader.kind) {
    case "npm":
      return readNpm(reader);
    case "directory":
      return readDirectory(reader.path, { textField: reader.textField, onSkip });
    case "jsonl":
      return readJsonl(reader.path, reader.textField);
    case "parquet":
      return readParquet(reader.path, reader.textField);
    case "hub":
      return readHub(reader, signal);
    case "debian":
      return readDebian(reader);
    case "word-problems":
      return readWordProblems(reader);
  }
}

/** Where in [0, 1) an id falls; ids are hashes, so this is uniform. */
export function position(id: string): number {
  return parseInt(id.slice(0, 8), 16) / 2 ** 32;
}

/**
 * Streams the documents of a source within its limits. Always in the same order; texts of nothing but white space are passed over.
 *
 * @throws {UsageError} where the source is missing, malformed, or has no documents.
 *
 * @example
 * ```ts
 * import { readDocuments } from "./read.ts";
 * import { sourceSpec } from "./spec.ts";
 * import assert from "node:assert/strict";
 * const chapters = await Array.fromAsync(readDocuments(await sourceSpec("moby-dick")));
 * assert.equal(chapters[0]?.metadata["title"], "CHAPTER 1. Loomings.");
 * ```
 */
export async function* readDocuments(
  spec: SourceSpec,
  options: ReadOptions = {},
): AsyncGenerator<Document> {
  const { share, documents = Infinity, characters = Infinity, documentCharacters = Infinity } = spec.limits;
  let documentCount = 0;
  let characterCount = 0;
  for await (const { text, licence = spec.licence, metadata } of extracted(spec.reader, options)) {
    options.signal?.throwIfAborted();
    if (!/\S/.test(text)) continue;
    if (share < 1 && position(documentId(text)) >= share) continue;
    const parts = splitText(text, documentCharacters);
    for (const [i, part] of parts.entries()) {
      yield {
        id: documentId(part),
        source: spec.name,
        text: part,
        licence,
        metadata: parts.length === 1 ? metadata : { ...metadata, part: i + 1, parts: parts.length },
      };
      documentCount++;
      characterCount += part.length;
      if (documentCount >= documents || characterCount >= characters) return;
    }
  }
  if (documentCount === 0) {
    throw new UsageError(`Source "${spec.name}" is empty: ${describe(spec.reader)} gave no documents.`);
  }
}

function describe(reader: Reader): string {
  if ("path" in reader) return reader.path;
  return "package" in reader ? `the ${reader.kind} package ${reader.package}` : `the reader "${reader.kind}"`;
}
