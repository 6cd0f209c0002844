/**
 * Real text with answers planted in it.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { type Document, documentId } from "../../sources/document.ts";
import { readDocuments } from "../../sources/read.ts";
import { sourceSpec } from "../../sources/spec.ts";
import { splitText } from "../../sources/split.ts";
import { probeAndCandidates } from "../halves.ts";

/** One source a domain: natural text of each kind, and mail, which no probe asks for. */
export const SOURCES = {
  code: "three",
  math: "stdlib-math",
  knowledge: "sotu",
  mail: "spam-assassin",
} as const;

/** Domains that are probed. */
export const PROBED = ["code", "math", "knowledge"] as const;

/** A domain that is probed. */
export type Capability = (typeof PROBED)[number];

/** The source whose documents are planted a second time, as "math-copy". */
const DUPLICATED = "math";

/** Documents read of each source; pieces come from all of them. */
const DOCUMENTS = 90;

/** A source's documents, each cut into pieces. */
export type Pieces = Readonly<Record<keyof typeof SOURCES, readonly (readonly string[])[]>>;

/** Candidates and probes of one seed. */
export interface PlantedCorpus {
  /** Held-out pieces of each capability: no document gives both probes and candidates. */
  readonly probes: Readonly<Record<Capability, readonly string[]>>;
  /**
   * As many of each domain, "code", "math", "knowledge" and "mail", and of the probed ones once more with their words in random
   * order: "code-shuffled", "math-shuffled", "knowledge-shuffled".
   */
  readonly candidates: readonly Document[];
  /** The candidates of one source again, under another name. */
  readonly copy: { readonly of: string; readonly source: string; readonly documents: readonly Document[] };
}

/**
 * Reads all sources.
 *
 * @param characters Of a piece at most.
 * @throws {UsageError} where a package is not installed.
 */
export async function readPieces(characters: number): Promise<Pieces> {
  const read = async (name: string) => {
    const spec = await sourceSpec(name);
    const documents = readDocuments({ ...spec, limits: { share: 1, documents: DOCUMENTS } });
    return await Array.fromAsync(documents, ({ text }) =>
      // What is much shorter says little.
      splitText(text, characters).filter((piece) => piece.trim().length >= characters / 2));
  };
  const [code, math, knowledge, mail] = [
    await read(SOURCES.code),
    await read(SOURCES.math),
    await read(SOURCES.knowledge),
    await read(SOURCES.mail),
  ];
  return { code, math, knowledge, mail };
}

/**
 * The corpus of a seed: other documents as probes, other pieces, other orders of words.
 *
 * @param documents Candidates of each source.
 * @param probeDocuments Probe documents of each capability.
 * @throws {UsageError} where a source has too few pieces.
 */
export function plantedCorpus(
  pieces: Pieces,
  seed: number,
  { documents, probeDocuments }: { readonly documents: number; readonly probeDocuments: number },
): PlantedCorpus {
  const probes: Record<Capability, readonly string[]> = { code: [], math: [], knowledge: [] };
  const candidates: Document[] = [];
  for (const domain of [...PROBED, "mail"] as const) {
    const all = pieces[domain];
    const halves = probeAndCandidates(all.length, seed, domain, false);
    const draw = (purpose: "probe" | "candidates", count: number) => {
      const unique = [...new Set(halves[purpose].flatMap((i) => all[i] ?? []))];
      if (unique.length < count) {
        throw new UsageError(
          `Planted truth: source "${
            SOURCES[domain]
          }" has ${unique.length} pieces, expected at least ${count}.`,
        );
      }
      return Random.of(seed, "planted", domain, purpose).shuffled(unique).slice(0, count);
    };
    const texts = draw("candidates", documents);
    candidates.push(...texts.map((text) => documentOf(text, domain)));
    if (domain === "mail") continue;
    probes[domain] = draw("probe", probeDocuments);
    candidates.push(
      ...texts.map((text, i) =>
        documentOf(shuffleWords(text, Random.of(seed, "words", domain, i)), `${domain}-shuffled`)
      ),
    );
  }
  const source = `${DUPLICATED}-copy`;
  const copies = candidates.filter((document) => document.source === DUPLICATED)
    .map((document) => ({ ...document, source }));
  return { probes, candidates, copy: { of: DUPLICATED, source, documents: copies } };
}

function documentOf(text: string, source: string): Document {
  return { id: documentId(text), source, text, licence: "unknown", metadata: {} };
}

/**
 * The words of a text in random order; the white space between them stays where it was.
 *
 * @example
 * ```ts
 * import { shuffleWords } from "./corpus.ts";
 * import { Random } from "../../core/random.ts";
 * import assert from "node:assert/strict";
 * const shuffled = shuffleWords("one two\n  three", Random.of(1, "example"));
 * assert.deepEqual(shuffled.split(/\s+/).sort(), ["one", "three", "two"]);
 * assert.deepEqual(shuffled.match(/\s+/g), [" ", "\n  "]);
 * ```
 */
export function shuffleWords(text: string, random: Random): string {
  const words = random.shuffled(text.match(/\S+/g) ?? []);
  let next = 0;
  return text.replace(/\S+/g, () => words[next++] ?? "");
}
