/** Documents for tests of curation. */
import { Random } from "../../lib/core/random.ts";
import { type Document, documentId } from "../../lib/sources/document.ts";

/** A document of a text. */
export function documentOf(text: string, source = "own"): Document {
  return { id: documentId(text), source, text, licence: "MIT", metadata: {} };
}

/** Texts as a stream of documents. */
export async function* streamOf(texts: Iterable<string>, source = "own"): AsyncGenerator<Document> {
  for (const text of texts) yield await Promise.resolve(documentOf(text, source));
}

/** A text of so many words that occur in no other text of another seed. */
export function uniqueWords(seed: number, count: number): string[] {
  const random = Random.of(seed, "words");
  return Array.from({ length: count }, (_, i) => `w${seed}x${random.uint32(i).toString(36)}`);
}
