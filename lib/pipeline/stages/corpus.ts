/**
 * Stage "corpus": every source read once, exact duplicates dropped, texts and facts written down.
 *
 * Makes documents/SOURCE.jsonl ({id, text, metadata} a line) and facts/SOURCE.jsonl, the catalogue's rows.
 * @module
 */
import { join } from "node:path";
import { writeAll, writeFileAtomic } from "../../core/artefacts.ts";
import { readJsonLines } from "../../core/lines.ts";
import { startProgress } from "../../core/progress.ts";
import type { Document, Metadata } from "../../sources/document.ts";
import { loadLanguageIdentifier } from "../../sources/language.ts";
import { readDocuments } from "../../sources/read.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";

/** Tokenizer of the corpus's token counts: one measure, whatever the proxy's vocabulary. */
const COUNTING_TOKENIZER = "llama3";

/** Bytes of lines gathered before a write. */
const WRITE_BUFFER = 1 << 20;

/** What one source gave. */
export interface SourceSummary {
  readonly name: string;
  readonly domain: string;
  readonly licence: string;
  readonly documents: number;
  readonly characters: number;
  /** Llama 3 tokens. */
  readonly tokens: number;
  /** Documents dropped since an earlier one had the same text. */
  readonly duplicates: number;
}

/** A row of the catalogue's table `documents`. */
export interface DocumentFacts {
  readonly id: string;
  readonly source: string;
  readonly domain: string;
  readonly title: string | null;
  readonly licence: string;
  /** ISO code, "und" where it is undetermined. */
  readonly language: string;
  readonly characters: number;
  /** Llama 3 tokens. */
  readonly tokens: number;
}

/** The stage's result. */
export interface CorpusResult {
  readonly sources: readonly SourceSummary[];
}

/** Writes lines to a file through a buffer. */
async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const encoder = new TextEncoder();
  await writeFileAtomic(path, async (file) => {
    let buffer = "";
    for await (const line of lines) {
      buffer += line + "\n";
      if (buffer.length < WRITE_BUFFER) continue;
      await writeAll(file, encoder.encode(buffer));
      buffer = "";
    }
    await writeAll(file, encoder.encode(buffer));
  });
}

/** The stage for these sources. */
export function corpusStage(specs: readonly SourceSpec[]): Stage<CorpusResult> {
  return {
    name: "corpus",
    recipe: { specs, tokenizer: COUNTING_TOKENIZER },
    inputs: {},
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: async (context) => {
      const { signal } = context;
      return await writeCorpus(
        specs,
        await describeDocuments((spec) => readDocuments(spec, { signal })),
        context,
      );
    },
  };
}

/** A document as it is written, and the facts about it. */
export interface DescribedDocument {
  readonly document: Pick<Document, "id" | "text" | "metadata">;
  readonly facts: DocumentFacts;
}

/** Gives a source's documents; those that are not new, by their ids, it leaves out. */
export type Describe = (spec: SourceSpec, isNew: (id: string) => boolean) => AsyncIterable<DescribedDocument>;

/** Language and tokens of documents, as they are read. */
export async function describeDocuments(
  read: (spec: SourceSpec) => AsyncIterable<Document>,
): Promise<Describe> {
  const tokenizer = await openTokenizer(COUNTING_TOKENIZER);
  const identify = await loadLanguageIdentifier();
  return async function* (spec, isNew) {
    for await (const { id, text, licence, metadata } of read(spec)) {
      if (!isNew(id)) continue;
      yield {
        document: { id, text, metadata },
        facts: {
          id,
          source: spec.name,
          domain: spec.domain,
          title: titleOf(metadata),
          licence,
          language: identify(text).code,
          characters: text.length,
          tokens: tokenizer.countTokens(text),
        },
      };
    }
  };
}

/** Writes the sources' documents and facts, each text once. */
export async function writeCorpus(
  specs: readonly SourceSpec[],
  describe: Describe,
  { directory, signal }: Pick<StageContext, "directory" | "signal">,
): Promise<CorpusResult> {
  const progress = startProgress("corpus", 0, "tokens");
  const seen = new Set<string>();
  const sources: SourceSummary[] = [];
  let allTokens = 0;
  for (const spec of specs) {
    const facts: DocumentFacts[] = [];
    let duplicates = 0;
    const isNew = (id: string) => {
      signal.throwIfAborted();
      if (seen.has(id)) {
        duplicates++;
        return false;
      }
      seen.add(id);
      return true;
    };
    const lines = async function* () {
      for await (const { document, facts: own } of describe(spec, isNew)) {
        facts.push(own);
        allTokens += own.tokens;
        progress.update(allTokens, spec.name);
        yield JSON.stringify(document);
      }
    };
    await writeLines(documentsPath(directory, spec.name), lines());
    await writeFileAtomic(
      factsPath(directory, spec.name),
      facts.map((row) => JSON.stringify(row) + "\n").join(""),
    );
    sources.push({
      name: spec.name,
      domain: spec.domain,
      licence: spec.licence,
      documents: facts.length,
      characters: facts.reduce((sum, row) => sum + row.characters, 0),
      tokens: facts.reduce((sum, row) => sum + row.tokens, 0),
      duplicates,
    });
  }
  progress.finish();
  return { sources };
}

/** What a person would call a document. */
function titleOf({ title, path }: Metadata): string | null {
  const name = title ?? path ?? null;
  return name === null ? null : String(name);
}

/** Reads a source's documents back, in their order. */
export function corpusReader(
  corpus: FinishedStage<CorpusResult>,
  specs: readonly SourceSpec[],
): (source: string) => AsyncGenerator<Document> {
  const licences = new Map(specs.map(({ name, licence }) => [name, licence]));
  return async function* (source) {
    for await (const document of readJsonLines<Document>(documentsPath(corpus.directory, source))) {
      yield { ...document, source, licence: licences.get(source) ?? "" };
    }
  };
}

/** Where the texts of a source are. */
export function documentsPath(directory: string, source: string): string {
  return join(directory, "documents", `${source}.jsonl`);
}

/** Where the facts about a source's documents are. */
export function factsPath(directory: string, source: string): string {
  return join(directory, "facts", `${source}.jsonl`);
}
