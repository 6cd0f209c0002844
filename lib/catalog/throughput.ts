/**
 * How fast a native catalogue takes in documents' facts and answers, and how much memory that takes.
 * @module
 */
import { join } from "node:path";
import { writeAll, writeFileAtomic } from "../core/artefacts.ts";
import { quantile } from "../core/statistics.ts";
import { openCatalog } from "./catalog.ts";
import type { EngineSettings } from "./open_engine.ts";

/** Sources of the made-up documents, a file each: as many as the paper has. */
const SOURCES = 28;

/** Lines gathered before a write. */
const LINES_AT_ONCE = 10_000;

/** Times that the query is asked. */
const REPEATS = 5;

const PER_SOURCE =
  "SELECT source, count(*) AS documents, sum(tokens) AS tokens FROM documents GROUP BY source ORDER BY source";

/** What a catalogue took, in seconds of wall time. */
export interface CatalogueTimings {
  /** From JSONL files into the table. */
  readonly ingest: number;
  /** Documents and tokens of each source; median. */
  readonly perSource: number;
  /** From the table into a parquet file. */
  readonly save: number;
  /** From the parquet file into a new catalogue's table. */
  readonly open: number;
}

/** Writes facts of made-up documents, a JSONL file a source, one batch of lines in memory. @returns The files. */
export async function writeFacts(directory: string, documents: number): Promise<string[]> {
  const paths: string[] = [];
  for (let source = 0; source < SOURCES; source++) {
    const path = join(directory, `source-${source}.jsonl`);
    const [from, to] = [source, source + 1].map((part) => Math.floor(documents * part / SOURCES));
    await writeFileAtomic(path, (file) => writeLines(file, source, from ?? 0, to ?? 0));
    paths.push(path);
  }
  return paths;
}

async function writeLines(file: Deno.FsFile, source: number, from: number, to: number): Promise<void> {
  const encoder = new TextEncoder();
  for (let start = from; start < to; start += LINES_AT_ONCE) {
    let lines = "";
    for (let i = start; i < Math.min(to, start + LINES_AT_ONCE); i++) {
      lines += JSON.stringify(factsOf(i, source)) + "\n";
    }
    await writeAll(file, encoder.encode(lines));
  }
}

/** The facts of a document by its number; the id has a hash's 64 digits, the sizes are spread over four orders of magnitude. */
function factsOf(number: number, source: number): Readonly<Record<string, string | number>> {
  let id = "";
  for (let word = 0; word < 8; word++) {
    // Multiplying by an odd number permutes the 32-bit numbers.
    id += (Math.imul(number + word * 0x2545f491, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  }
  const characters = Math.round(100 * 10 ** (4 * (parseInt(id.slice(0, 8), 16) / 2 ** 32)));
  return {
    id,
    source: `source-${source}`,
    domain: ["code", "math", "knowledge"][source % 3] ?? "",
    title: `documents/${number % 1000}/${number}.txt`,
    licence: "CC0-1.0",
    language: "en",
    characters,
    tokens: Math.ceil(characters / 4),
  };
}

/**
 * Takes the files into a native catalogue in a directory, asks it, saves it and opens it again.
 *
 * @throws {Error} where a document is missing in the end: the timings would mean nothing.
 */
export async function timeCatalogue(
  paths: readonly string[],
  documents: number,
  settings: Omit<EngineSettings, "engine"> & { readonly directory: string },
): Promise<CatalogueTimings> {
  const filled = async () => {
    await using catalog = await openCatalog({ ...settings, engine: "native" });
    const ingest = await secondsOf(async () => {
      for (const path of paths) await catalog.insertJsonLines("documents", path);
    });
    const asked: number[] = [];
    for (let i = 0; i < REPEATS; i++) asked.push(await secondsOf(() => catalog.query(PER_SOURCE)));
    const perSource = quantile(asked, 0.5);
    return { ingest, perSource, save: await secondsOf(() => catalog.save()) };
  };
  const timings = await filled();
  const started = performance.now();
  await using catalog = await openCatalog({ ...settings, engine: "native" });
  const open = (performance.now() - started) / 1000;
  const found: unknown = (await catalog.query("SELECT count(*) AS n FROM documents")).get("n", 0);
  if (found !== documents) throw new Error(`${found} of ${documents} documents came back.`);
  return { ...timings, open };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
