/**
 * WordNet as an encyclopedia: an entry for each concept that has kinds or parts, with their glosses.
 * The format is WordNet's wndb(5).
 * @module
 */
import { join } from "node:path";
import type { Extracted } from "../document.ts";
import type { PackageFiles } from "../files.ts";

/** A set of synonyms with one meaning. */
interface Synset {
  readonly words: readonly string[];
  readonly gloss: string;
  /** Offsets of the synsets of the same file that a relation leads to, by its symbol: "@" is a kind of, "~" has the kind. */
  readonly related: ReadonlyMap<string, readonly string[]>;
}

const PART_OF_SPEECH: Readonly<Record<string, string>> = { "data.noun": "noun", "data.verb": "verb" };

/** A concept needs so many kinds or parts to get an entry; those with fewer stand in the entry above them. */
const MIN_LISTED = 3;

/**
 * One line of a WordNet data file: `offset file type words… pointers… | gloss`; null for the licence lines at the top.
 */
export function parseSynset(line: string): [offset: string, Synset] | null {
  const bar = line.indexOf(" | ");
  if (!/^\d{8} /.test(line) || bar < 0) return null;
  const fields = line.slice(0, bar).split(" ");
  const [offset = "", _file, type = ""] = fields;
  const wordCount = parseInt(fields[3] ?? "", 16);
  const words = Array.from({ length: wordCount }, (_, i) => (fields[4 + 2 * i] ?? "").replaceAll("_", " "));
  const related = new Map<string, string[]>();
  for (let i = 5 + 2 * wordCount; i + 2 < fields.length; i += 4) {
    const [symbol = "", target = "", targetType = ""] = fields.slice(i, i + 3);
    if (!/^\d{8}$/.test(target)) break; // verb frames follow the pointers
    if (targetType !== type) continue;
    const targets = related.get(symbol);
    if (targets === undefined) related.set(symbol, [target]);
    else targets.push(target);
  }
  return [offset, { words, gloss: line.slice(bar + 3).trim(), related }];
}

/** Concepts with kinds or parts, nouns, then verbs. Metadata: `title`, `partOfSpeech`. */
export async function* extractWordnet({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  for await (const path of paths) {
    const partOfSpeech = PART_OF_SPEECH[path.slice(path.lastIndexOf("/") + 1)];
    if (partOfSpeech === undefined) continue;
    const lines = (await Deno.readTextFile(join(root, path))).split("\n");
    const synsets = new Map(lines.map(parseSynset).filter((synset) => synset !== null));
    for (const synset of synsets.values()) {
      const text = writeEntry(synset, partOfSpeech, synsets);
      if (text !== null) yield { text, metadata: { title: synset.words[0] ?? "", partOfSpeech } };
    }
  }
}

function writeEntry(
  synset: Synset,
  partOfSpeech: string,
  synsets: ReadonlyMap<string, Synset>,
): string | null {
  const follow = (...symbols: string[]): Synset[] =>
    symbols.flatMap((symbol) => synset.related.get(symbol) ?? [])
      .flatMap((offset) => synsets.get(offset) ?? []);
  // Kinds and instances; parts, members and substances.
  const kinds = follow("~", "~i");
  const parts = follow("%p", "%m", "%s");
  if (kinds.length + parts.length < MIN_LISTED) return null;
  const above = follow("@", "@i").map(({ words }) => words[0]).join("; ");
  const list = (title: string, items: Synset[]): string =>
    items.length === 0
      ? ""
      : `\n${title}:\n${items.map(({ words, gloss }) => `- ${words.join(", ")}: ${gloss}\n`).join("")}`;
  return `${synset.words.join(", ")} (${partOfSpeech})\n\n${synset.gloss}\n` +
    (above === "" ? "" : `\nA kind of: ${above}\n`) +
    list(partOfSpeech === "verb" ? "Ways to do it" : "Kinds", kinds) + list("Parts and members", parts);
}
