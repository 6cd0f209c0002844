/**
 * Where the Hugging Face hub has the benchmarks, and fetching those that a data folder lacks.
 *
 * The repositories are lm-eval's, but for BoolQ (its authors' own, with the same questions) and for the benchmarks that lm-eval lacks.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { hubFiles, LIST_FILE } from "../sources/hub.ts";
import { hasBenchmarkFiles } from "./records.ts";
import type { Task } from "./task.ts";

/** Files of a data set, and the folder below `--data DIR` that they go to. */
export interface HubPlace {
  readonly folder: string;
  /** "openai/gsm8k". */
  readonly repository: string;
  /** Globs of paths inside it: questions, and examples where they are in the same repository. */
  readonly files: readonly string[];
}

/** Of one benchmark; `examples` where they come from elsewhere. */
interface HubPlaces {
  readonly test: HubPlace;
  readonly examples?: HubPlace;
}

function place(folder: string, repository: string, ...files: string[]): HubPlace {
  return { folder, repository, files };
}

/** By the benchmarks' names. */
const PLACES: Readonly<Record<string, HubPlaces>> = {
  minerva_math500: {
    test: place("math500", "HuggingFaceH4/MATH-500", "test.jsonl"),
    examples: place("math-train", "EleutherAI/hendrycks_math", "*/train-*.parquet"),
  },
  gsm8k: { test: place("gsm8k", "openai/gsm8k", "main/{train,test}-*.parquet") },
  aime24: { test: place("aime24", "Maxwell-Jia/AIME_2024", "*.parquet") },
  aime25: { test: place("aime25", "math-ai/aime25", "*.jsonl") },
  mbpp: { test: place("mbpp", "google-research-datasets/mbpp", "full/{test,prompt}-*.parquet") },
  humaneval: { test: place("humaneval", "openai/openai_humaneval", "openai_humaneval/test-*.parquet") },
  humaneval_js: { test: place("humaneval_js", "nuprl/MultiPL-E", "humaneval-js/test-*.parquet") },
  livecodebench_v6: { test: place("livecodebench", "livecodebench/code_generation_lite", "test*.jsonl") },
  arc_easy: { test: place("arc_easy", "allenai/ai2_arc", "ARC-Easy/{train,test}-*.parquet") },
  arc_challenge: { test: place("arc_challenge", "allenai/ai2_arc", "ARC-Challenge/{train,test}-*.parquet") },
  boolq: { test: place("boolq", "google/boolq", "data/{train,validation}-*.parquet") },
  piqa: { test: place("piqa", "baber/piqa", "**/{train,validation}*.{parquet,jsonl}") },
  social_iqa: { test: place("social_iqa", "lighteval/siqa", "**/{train,validation}-*.parquet") },
  hellaswag: { test: place("hellaswag", "Rowan/hellaswag", "data/{train,validation}-*.parquet") },
  openbookqa: { test: place("openbookqa", "allenai/openbookqa", "main/{train,test}-*.parquet") },
  winogrande: {
    test: place("winogrande", "allenai/winogrande", "winogrande_xl/{train,validation}-*.parquet"),
  },
  mmlu: { test: place("mmlu", "cais/mmlu", "all/{dev,test}-*.parquet") },
  nq_open: {
    test: place("nq_open", "google-research-datasets/nq_open", "nq_open/{train,validation}-*.parquet"),
  },
  triviaqa: {
    test: place("triviaqa", "mandarjoshi/trivia_qa", "rc.nocontext/{train,validation}-*.parquet"),
  },
};

/**
 * Downloads what a folder lacks of a benchmark: its questions, with the examples beside them, and examples from elsewhere. A download
 * that was broken off goes on; what was put there by hand is left as it is.
 *
 * @param data The folder that holds the benchmarks' folders; made where it is missing.
 * @param places Where the hub has it; a parameter for tests.
 * @throws {UsageError} where the hub refuses. @throws {RunError} where it cannot be reached, or a checksum is wrong.
 */
export async function fetchBenchmark(
  { name, files: { folders, test, examples, exampleFolders } }: Task,
  data: string,
  signal?: AbortSignal,
  places: Partial<HubPlaces> = PLACES[name] ?? {},
): Promise<void> {
  await complete(places.test, data, folders, test, signal);
  if (examples === undefined || exampleFolders === undefined) return;
  await complete(places.examples, data, exampleFolders, examples, signal);
}

async function complete(
  wanted: HubPlace | undefined,
  data: string,
  folders: readonly string[],
  pattern: RegExp,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const folder = join(data, wanted.folder);
  // A download that was broken off has some of the files only.
  const begun = await exists(join(folder, LIST_FILE));
  if (!begun && await hasBenchmarkFiles(data, folders, pattern)) return;
  const repository = { type: "dataset", name: wanted.repository } as const;
  await Array.fromAsync(hubFiles({ repository, revision: "main", files: wanted.files, folder }, signal));
}
