/**
 * The documents of a source, whatever its reader.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Document, documentId, type Extracted } from "./document.ts";
import { readSource, type SourceFile, type SourceOptions } from "./source_files.ts";
import type { Reader, SourceSpec } from "./spec.ts";
import { splitText } from "./split.ts";

/** What a reading can be told. */
interface ReadOptions extends SourceOptions {
  /** Only these of the source's files. */
  readonly files?: readonly SourceFile[];
}

async function* readFiles(files: readonly SourceFile[]): AsyncGenerator<Extracted> {
  for (const file of files) yield* file.read();
}

/** Where in [0, 1) an id falls; ids are hashes, so this is uniform. */
export function position(id: string): number {
  return parseInt(id.slice(0, 8), 16) / 2 ** 32;
}

/**
 * Streams the documents of a source within its limits. Always in the same order; texts of nothing but white space are passed over.
 *
 * @throws {UsageError} where the source is missing, malformed, or has no documents; of its files, some may have none.
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
  const { files } = options;
  const read = files === undefined ? readSource(spec.reader, options) : readFiles(files);
  for await (const { text, licence = spec.licence, metadata } of read) {
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
  if (documentCount === 0 && files === undefined) throw emptySource(spec);
}

/** What is said of a source without documents. */
export function emptySource({ name, reader }: SourceSpec): UsageError {
  return new UsageError(`Source "${name}" is empty: ${describe(reader)} gave no documents.`);
}

function describe(reader: Reader): string {
  if ("path" in reader) return reader.path;
  return "package" in reader ? `the ${reader.kind} package ${reader.package}` : `the reader "${reader.kind}"`;
}
