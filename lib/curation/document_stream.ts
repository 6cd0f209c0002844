/**
 * Streams of documents: a part of one, its texts, and one as a file.
 * @module
 */
import { writeAll, writeFileAtomic } from "../core/artefacts.ts";
import type { Document } from "../sources/document.ts";

/** Writes documents, a line each. */
export async function writeDocuments(path: string, documents: AsyncIterable<Document>): Promise<void> {
  const encoder = new TextEncoder();
  await writeFileAtomic(path, async (file) => {
    for await (const document of documents) {
      await writeAll(file, encoder.encode(JSON.stringify(document) + "\n"));
    }
  });
}

/** Documents with one of these ids. */
export async function* only(
  documents: AsyncIterable<Document>,
  ids: ReadonlySet<string>,
): AsyncGenerator<Document> {
  for await (const document of documents) if (ids.has(document.id)) yield document;
}

/** The next ones of a stream, as many as there are; the stream stays open. */
export async function* take<Item>(items: AsyncIterator<Item>, count: number): AsyncGenerator<Item> {
  for (let i = 0; i < count; i++) {
    const next = await items.next();
    if (next.done) return;
    yield next.value;
  }
}

/** Their texts. */
export async function* textsOf(documents: AsyncIterable<Document>): AsyncGenerator<string> {
  for await (const { text } of documents) yield text;
}
