/**
 * `deno task bench:curation`: documents per second of processor time of every filter, beside a peer where Python has one.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { describeMachine } from "../lib/core/machine.ts";
import { compactNumber } from "../lib/core/progress.ts";
import {
  BERT_TEXTS,
  FINEWEB_EDU,
  isMeantFor,
  openBert,
  openFilters,
  writeSynthetic,
} from "../lib/curation/throughput.ts";

interface Options {
  documents: number[];
  repeats: number;
  python?: string;
  peerDocuments: number;
}

/** A measurement. */
interface Timing {
  readonly filter: string;
  /** Who: "own", or a Python package with its version. */
  readonly program: string;
  readonly documents: number;
  /** Of processor time; median over the repeats. */
  readonly documentsPerSecond: number;
}

const PEERS = fileURLToPath(new URL("bench_curation_peers.py", import.meta.url));

/** Filters of which Python has a peer. */
const PEER_NAMES = [
  "fasttext-language",
  "fasttext-classifier",
  "datatrove-exact",
  "datatrove-minhash",
  "datasketch",
  "transformers-bert",
] as const;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Processor time in seconds, of all threads: other work on the machine changes it little, unlike the time on the wall. */
async function timed(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** A peer's own account of itself, or why there is none. */
async function runPeer(python: string, peer: string, path: string): Promise<Timing | string> {
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: [PEERS, peer, path],
    env: { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) return decode(stderr).split("\n").at(-1) ?? "no reason";
  const { filter, program, documents, seconds } = JSON.parse(decode(stdout).split("\n").at(-1) ?? "");
  return { filter, program, documents, documentsPerSecond: documents / seconds };
}

function wholeNumbers(text: string): number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => Number.isSafeInteger(value) && value > 0)) return values;
  throw new InvalidArgumentError("expected whole numbers above 0, with commas between.");
}

const wholeNumber = (text: string) => wholeNumbers(text)[0] ?? NaN;

const command = taskCommand(
  "bench:curation",
  "Documents per second of processor time of every filter, beside peers in Python.",
)
  .option("--documents <counts>", "synthetic documents of 100 words", wholeNumbers, [10_000, 100_000])
  .option("--repeats <n>", "runs of each, of which the median counts", wholeNumber, 3)
  .option(
    "--python <path>",
    "a Python with datatrove, datasketch, fasttext or transformers; without it no peers",
  )
  .option("--peer-documents <n>", "most documents that peers are given", wholeNumber, 100_000);

await runTask<Options>(command, async ({ documents, repeats, python, peerDocuments }, { signal, print }) => {
  const timings: Timing[] = [];
  const record = (timing: Timing) => {
    timings.push(timing);
    const { filter, program, documents, documentsPerSecond } = timing;
    console.error(
      `${filter}, ${program}, ${compactNumber(documents)}: ${compactNumber(documentsPerSecond)}/s`,
    );
  };
  const directory = await Deno.makeTempDir();
  try {
    const filters = await openFilters();
    for (const count of documents) {
      const path = join(directory, `${count}.jsonl`);
      await writeSynthetic(path, count);
      for (const [filter, run] of Object.entries(filters)) {
        if (!isMeantFor(filter, count)) continue;
        const seconds: number[] = [];
        for (let i = 0; i < repeats; i++) {
          signal.throwIfAborted();
          seconds.push(await timed(() => run(path)));
        }
        record({ filter, program: "own", documents: count, documentsPerSecond: count / median(seconds) });
      }
      if (python === undefined || count > peerDocuments) continue;
      for (const peer of PEER_NAMES.filter((name) => name !== "transformers-bert")) {
        signal.throwIfAborted();
        const timing = await runPeer(python, peer, path);
        if (typeof timing === "string") console.error(`${peer}: ${timing}`);
        else record(timing);
      }
      await Deno.remove(path);
    }
    const rate = await openBert(directory, FINEWEB_EDU);
    const seconds: number[] = [];
    for (let i = 0; i < repeats; i++) seconds.push(await timed(rate));
    record({
      filter: "education classifier (512 tokens)",
      program: "own",
      documents: BERT_TEXTS,
      documentsPerSecond: BERT_TEXTS / median(seconds),
    });
    if (python !== undefined) {
      const timing = await runPeer(python, "transformers-bert", directory);
      if (typeof timing === "string") console.error(`transformers-bert: ${timing}`);
      else record(timing);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  const result = {
    source: "own measurement: deno task bench:curation --json",
    machine: `${describeMachine()}, Deno ${Deno.version.deno}`,
    date: new Date().toISOString().slice(0, 10),
    what: "documents of 100 synthetic words per second of processor time, reading the file included; medians",
    timings,
  };
  print(
    result,
    () =>
      timings.map(({ filter, program, documents, documentsPerSecond }) =>
        `${filter.padEnd(36)}${program.padEnd(24)}${compactNumber(documents).padStart(6)}` +
        `${compactNumber(documentsPerSecond).padStart(10)} documents/s`
      ).join("\n"),
  );
});
