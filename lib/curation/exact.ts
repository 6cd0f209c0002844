/**
 * Exact duplicates: documents with the same text, by its hash.
 * @module
 */
import { IdSet } from "../catalog/id_set.ts";
import type { Document } from "../sources/document.ts";

/**
 * Passes on the first document of every text, in the order they come. Which copy stays matters to its source alone: a text has one
 * score. Memory: 8 to 23 bytes a text.
 *
 * @param onDuplicate Hears of every document that is dropped.
 *
 * @example
 * ```ts
 * import { withoutExactDuplicates } from "./exact.ts";
 * import { documentId } from "../sources/document.ts";
 * import assert from "node:assert/strict";
 * async function* documents() {
 *   for (const text of ["a", "b", "a"]) {
 *     yield { id: documentId(text), source: "own", text, licence: "MIT", metadata: {} };
 *   }
 * }
 * const kept = await Array.fromAsync(withoutExactDuplicates(documents()));
 * assert.deepEqual(kept.map(({ text }) => text), ["a", "b"]);
 * ```
 */
export async function* withoutExactDuplicates(
  documents: AsyncIterable<Document>,
  onDuplicate: (document: Document) => void = () => {},
): AsyncGenerator<Document> {
  const seen = new IdSet();
  for await (const document of documents) {
    if (seen.add(document.id)) yield document;
    else onDuplicate(document);
  }
}
