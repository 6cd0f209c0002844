/**
 * `deno task bench:catalogue`: time and memory of native DuckDB on made-up documents: a catalogue of their facts, and near-duplicates.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { join } from "node:path";
import { openCatalog } from "../lib/catalog/catalog.ts";
import { timeCatalogue, writeFacts } from "../lib/catalog/throughput.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { describeMachine, peakMemoryMB } from "../lib/core/machine.ts";
import { findShardedNearDuplicates } from "../lib/curation/sharded_near_duplicates.ts";
import { writeSynthetic } from "../lib/curation/throughput.ts";

interface Options {
  documents: number;
  memory: string;
  threads: number;
  texts: number;
}

/** Shards that the texts are in. */
const SHARDS = 8;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

const command = taskCommand("bench:catalogue", "Time and memory of native DuckDB on made-up documents.")
  .option("--documents <n>", "rows of the catalogue, half a kilobyte of disk each", wholeNumber, 10_000_000)
  .option("--memory <limit>", "DuckDB's memory limit", "1GB")
  .option(
    "--threads <n>",
    "DuckDB's threads, and processes that sign texts",
    wholeNumber,
    navigator.hardwareConcurrency,
  )
  .option("--texts <n>", "texts of 100 words for the search of near-duplicates", wholeNumber, 1_000_000);

await runTask<Options>(command, async ({ documents, memory, threads, texts }, { signal, print }) => {
  const directory = await Deno.makeTempDir();
  try {
    const paths = await writeFacts(directory, documents);
    const limits = { spillDirectory: directory, memoryLimit: memory };
    const catalogue = await timeCatalogue(paths, documents, {
      ...limits,
      directory: join(directory, "catalog"),
      threads,
    });
    signal.throwIfAborted();
    const shards = Array.from({ length: SHARDS }, (_, i) => join(directory, `texts-${i}.jsonl`));
    for (const [i, path] of shards.entries()) {
      const [from, to] = [i, i + 1].map((part) => Math.floor(texts * part / SHARDS));
      await writeSynthetic(path, (to ?? 0) - (from ?? 0), from);
    }
    const started = performance.now();
    await using searched = await openCatalog({ engine: "native", ...limits, threads });
    const { length: duplicates } = await findShardedNearDuplicates(searched, shards, {
      spillDirectory: directory,
      processes: threads,
      signal,
    });
    const nearDuplicates = (performance.now() - started) / 1000;
    print({
      source: "own measurement: deno task bench:catalogue --json",
      machine: `${describeMachine()}, Deno ${Deno.version.deno}`,
      date: new Date().toISOString().slice(0, 10),
      documents,
      memoryLimit: memory,
      threads,
      texts,
      duplicates,
      seconds: { ...catalogue, nearDuplicates },
      what: "seconds of wall time; memory of this process, without those that sign texts",
      peakMemoryMB: peakMemoryMB(),
    }, ({ seconds, peakMemoryMB }) =>
      [
        ...Object.entries(seconds).map(([what, value]) =>
          `${what.padEnd(16)}${value.toFixed(2).padStart(8)} s`
        ),
        `${"peak memory".padEnd(16)}${String(peakMemoryMB).padStart(8)} MB`,
      ].join("\n"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
