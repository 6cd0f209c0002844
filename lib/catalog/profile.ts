/**
 * What is in a corpus: counts, languages, licences, exact duplicates. The corpus streams through; no text is kept.
 * @module
 */
import type { Document } from "../sources/document.ts";
import type { IdentifyLanguage } from "../sources/language.ts";
import { IdSet } from "./id_set.ts";

/** What is in one source. */
export interface SourceProfile {
  readonly source: string;
  readonly documents: number;
  /** Documents whose text an earlier one, of any source, had. */
  readonly duplicates: number;
  /** UTF-16 code units. */
  readonly characters: number;
  readonly tokens: number;
  /** Documents by ISO code, most frequent first; "und": undetermined, as program code mostly is. */
  readonly languages: Readonly<Record<string, number>>;
  /** Documents by licence, most frequent first. */
  readonly licences: Readonly<Record<string, number>>;
}

/** What is in a corpus, and how long it took to see. */
export interface CorpusProfile {
  /** In order of their first documents. */
  readonly sources: readonly SourceProfile[];
  /** Of the whole, reading included. */
  readonly seconds: number;
  /** Of counting tokens alone. */
  readonly tokenizerSeconds: number;
}

class Counts {
  documents = 0;
  duplicates = 0;
  characters = 0;
  tokens = 0;
  readonly languages = new Map<string, number>();
  readonly licences = new Map<string, number>();
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function byFrequency(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

/**
 * Profiles documents as they come. Memory: 8 to 23 bytes a document, for its id.
 *
 * @param tools.countTokens Tokens of a text.
 * @param tools.identifyLanguage As `loadLanguageIdentifier` gives it.
 * @param onProgress Called after every document with the tokens so far.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { profileCorpus } from "./profile.ts";
 * import { readDocuments } from "../sources/read.ts";
 * import { sourceSpec } from "../sources/spec.ts";
 * import { loadLanguageIdentifier } from "../sources/language.ts";
 * const { sources } = await profileCorpus(readDocuments(await sourceSpec("moby-dick")), {
 *   countTokens: (text) => text.split(/\s+/).length,
 *   identifyLanguage: await loadLanguageIdentifier(),
 * });
 * assert.deepEqual(sources[0]?.languages, { en: 136 });
 * ```
 */
export async function profileCorpus(
  documents: AsyncIterable<Document>,
  tools: { countTokens: (text: string) => number; identifyLanguage: IdentifyLanguage },
  onProgress: (tokens: number) => void = () => {},
): Promise<CorpusProfile> {
  const started = performance.now();
  const sources = new Map<string, Counts>();
  const ids = new IdSet();
  let allTokens = 0;
  let tokenizerMilliseconds = 0;
  for await (const { id, source, text, licence } of documents) {
    let counts = sources.get(source);
    if (counts === undefined) sources.set(source, counts = new Counts());
    const before = performance.now();
    const tokens = tools.countTokens(text);
    tokenizerMilliseconds += performance.now() - before;
    counts.documents++;
    if (!ids.add(id)) counts.duplicates++;
    counts.characters += text.length;
    counts.tokens += tokens;
    increment(counts.languages, tools.identifyLanguage(text).code);
    increment(counts.licences, licence);
    onProgress(allTokens += tokens);
  }
  return {
    sources: [...sources].map(([source, counts]) => ({
      source,
      documents: counts.documents,
      duplicates: counts.duplicates,
      characters: counts.characters,
      tokens: counts.tokens,
      languages: byFrequency(counts.languages),
      licences: byFrequency(counts.licences),
    })),
    seconds: (performance.now() - started) / 1000,
    tokenizerSeconds: tokenizerMilliseconds / 1000,
  };
}
