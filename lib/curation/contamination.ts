/**
 * Contamination: which documents contain items of a benchmark.
 *
 * The rule: words as in `words.ts`, so that case, punctuation and line breaks do not matter. Of each text field of an item every run
 * of 13 words counts (Brown et al., 2020, appendix C); a field of 5 to 12 words counts as a whole; a shorter one ("Paris") would be
 * found everywhere and does not. An item with short fields only cannot be searched for, and the report says how many there are.
 * A document contains an item if it has any of its runs.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Document } from "../sources/document.ts";
import { readJsonLines } from "../sources/jsonl.ts";
import { hashRuns, hashWords, RUN_FACTORS } from "./words.ts";

/** Words of a run. */
const RUN_WORDS = 13;

/** Fields with fewer words are not searched for. */
const MIN_FIELD_WORDS = 5;

/** Bits of the filter in front of the table: most runs of a document are in no benchmark. */
const FILTER_BITS = 1 << 24;

/** One question of a benchmark. */
export interface BenchmarkItem {
  readonly benchmark: string;
  /** Its number, or the name it has there. */
  readonly item: string;
  /** Question, answer, choices: searched for one by one. */
  readonly fields: readonly string[];
}

/** An item in a document. */
export interface ItemMatch {
  readonly benchmark: string;
  readonly item: string;
  /** Runs of the item that the document has. */
  readonly runs: number;
  /** Runs of the item. */
  readonly runsOfItem: number;
}

/** An item in a document, and where. */
export interface ContaminatedDocument extends ItemMatch {
  readonly id: string;
  readonly source: string;
}

/** What is known of one benchmark. */
export interface BenchmarkContamination {
  readonly benchmark: string;
  readonly items: number;
  /** Items without a field of 5 words, which cannot be searched for. */
  readonly tooShort: number;
  /** Items that some document contains. */
  readonly found: number;
  /** Documents that contain an item. */
  readonly documents: number;
}

/** What {@link checkContamination} found. */
export interface ContaminationReport {
  /** In the order of their items. */
  readonly benchmarks: readonly BenchmarkContamination[];
  /** Every item in every document. */
  readonly matches: readonly ContaminatedDocument[];
  /** Documents looked at. */
  readonly documents: number;
}

/**
 * The items of a benchmark, a line of JSONL (.gz, .zst) each: every string in it is a field, those in lists and objects too.
 *
 * @param benchmark What to call it.
 * @param fields Only these keys of each line; by default all.
 * @throws {UsageError} naming file and line where a line is no JSON object or lacks one of the fields, and where the file has no items.
 */
export async function* readBenchmarkItems(
  benchmark: string,
  path: string,
  fields?: readonly string[],
): AsyncGenerator<BenchmarkItem> {
  let empty = true;
  for await (const { value, number } of readJsonLines(path)) {
    const missing = fields?.find((field) => !(field in value));
    if (missing !== undefined) {
      throw new UsageError(
        `${path}, line ${number}: no field "${missing}"; it has ${Object.keys(value).join(", ")}.`,
      );
    }
    empty = false;
    const chosen = fields === undefined ? value : fields.map((field) => value[field]);
    yield { benchmark, item: String(number), fields: [...stringsIn(chosen)] };
  }
  if (empty) throw new UsageError(`${path} has no items, expected one JSON object a line.`);
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (value !== null && typeof value === "object") {
    for (const part of Object.values(value)) yield* stringsIn(part);
  }
}

/** A 64-bit hash as a number: 53 of its bits. By chance 1 in 10¹⁰ runs meets one of a million. */
function key(low: number, high: number): number {
  return (high >>> 11) * 2 ** 32 + low;
}

interface IndexedItem {
  readonly benchmark: string;
  readonly item: string;
  runs: number;
}

/**
 * The runs of benchmarks' items, to look documents up in.
 *
 * @example
 * ```ts
 * import { ContaminationIndex } from "./contamination.ts";
 * import assert from "node:assert/strict";
 * const index = new ContaminationIndex();
 * index.add({ benchmark: "trivia", item: "1", fields: ["Which whale did Captain Ahab hunt?", "Moby Dick"] });
 * assert.equal(index.match("He asked: which whale did captain Ahab hunt … and I knew.")[0]?.item, "1");
 * assert.deepEqual(index.match("Captain Ahab did hunt a whale."), []);
 * ```
 */
export class ContaminationIndex {
  readonly #items: IndexedItem[] = [];
  /** Numbers of the items that have a run, by its hash. */
  readonly #table = new Map<number, number[]>();
  readonly #filter = new Uint8Array(FILTER_BITS / 8);
  /** Lengths of runs that occur, in words. */
  readonly #lengths = new Set<number>();

  /** Adds an item. */
  add({ benchmark, item, fields }: BenchmarkItem): void {
    const number = this.#items.length;
    const entry: IndexedItem = { benchmark, item, runs: 0 };
    this.#items.push(entry);
    for (const field of fields) {
      const words = hashWords(field);
      if (words.length < MIN_FIELD_WORDS) continue;
      const length = Math.min(RUN_WORDS, words.length);
      this.#lengths.add(length);
      const lows = hashRuns(words, length, RUN_FACTORS[0]);
      const highs = hashRuns(words, length, RUN_FACTORS[1]);
      lows.forEach((low, i) => {
        // One high half a low one.
        const run = key(low, highs[i] as number);
        const holders = this.#table.get(run);
        if (holders === undefined) this.#table.set(run, [number]);
        else if (holders.at(-1) === number) return; // the item repeats itself
        else holders.push(number);
        entry.runs++;
        this.#filter[(low % FILTER_BITS) >> 3]! |= 1 << (low & 7); // in range
      });
    }
  }

  /** Every item added: its benchmark, and how many runs are searched for. */
  get items(): readonly Readonly<IndexedItem>[] {
    return this.#items;
  }

  /** The items that a text contains, in the order they were added. */
  match(text: string): ItemMatch[] {
    const words = hashWords(text);
    /** Runs found, by item. */
    const found = new Map<number, Set<number>>();
    for (const length of this.#lengths) {
      const lows = hashRuns(words, length, RUN_FACTORS[0]);
      let highs: Uint32Array | undefined;
      for (let i = 0; i < lows.length; i++) {
        // In range, here and below.
        const low = lows[i] as number;
        if (((this.#filter[(low % FILTER_BITS) >> 3] as number) >> (low & 7) & 1) === 0) continue;
        highs ??= hashRuns(words, length, RUN_FACTORS[1]);
        const run = key(low, highs[i] as number);
        for (const number of this.#table.get(run) ?? []) {
          const runs = found.get(number);
          if (runs === undefined) found.set(number, new Set([run]));
          else runs.add(run);
        }
      }
    }
    return [...found].sort(([a], [b]) => a - b).map(([number, runs]) => {
      const { benchmark, item, runs: runsOfItem } = this.#items[number] as IndexedItem;
      return { benchmark, item, runs: runs.size, runsOfItem };
    });
  }
}

/** An index of the items of several files. @throws {UsageError} as {@link readBenchmarkItems}. */
export async function indexBenchmarks(
  benchmarks: readonly {
    readonly name: string;
    readonly path: string;
    readonly fields?: readonly string[];
  }[],
): Promise<ContaminationIndex> {
  const index = new ContaminationIndex();
  for (const { name, path, fields } of benchmarks) {
    for await (const item of readBenchmarkItems(name, path, fields)) index.add(item);
  }
  return index;
}

/**
 * Passes on the documents that contain no item of any benchmark, as they come.
 *
 * @param onMatch Hears of every item in every document that is dropped.
 */
export async function* withoutContaminated<Text extends Pick<Document, "text">>(
  documents: AsyncIterable<Text>,
  index: ContaminationIndex,
  onMatch: (match: ItemMatch, document: Text) => void = () => {},
): AsyncGenerator<Text> {
  for await (const document of documents) {
    const matches = index.match(document.text);
    for (const match of matches) onMatch(match, document);
    if (matches.length === 0) yield document;
  }
}

/** Looks every document up and reports, per benchmark, what was found where. The documents stream through. */
export async function checkContamination(
  documents: AsyncIterable<Document>,
  index: ContaminationIndex,
): Promise<ContaminationReport> {
  const matches: ContaminatedDocument[] = [];
  let looked = 0;
  for await (const { id, source, text } of documents) {
    looked++;
    for (const match of index.match(text)) matches.push({ id, source, ...match });
  }
  const names = [...new Set(index.items.map(({ benchmark }) => benchmark))];
  return {
    benchmarks: names.map((benchmark) => {
      const items = index.items.filter((item) => item.benchmark === benchmark);
      const own = matches.filter((match) => match.benchmark === benchmark);
      return {
        benchmark,
        items: items.length,
        tooShort: items.filter(({ runs }) => runs === 0).length,
        found: new Set(own.map(({ item }) => item)).size,
        documents: new Set(own.map(({ id }) => id)).size,
      };
    }),
    matches,
    documents: looked,
  };
}
