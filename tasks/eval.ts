/**
 * `deno task eval`: benchmarks for a model of ours, a server, or a file of answers; and the comparison of two evaluations.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { basename, join } from "node:path";
import { fetchBenchmark } from "../lib/benchmarks/hub.ts";
import { readItems } from "../lib/benchmarks/read.ts";
import { Sandboxes } from "../lib/benchmarks/sandboxes.ts";
import { loadPaperTable, paperRecords, type PaperTable } from "../lib/catalog/published.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { answersFile } from "../lib/eval/answers_file.ts";
import { compareResults } from "../lib/eval/comparison.ts";
import { benchmarkContamination } from "../lib/eval/contamination.ts";
import { evaluate, type Evaluation } from "../lib/eval/evaluate.ts";
import { modelSystem } from "../lib/eval/model_system.ts";
import { type ResultTable, withOwnRow } from "../lib/eval/paper_tables.ts";
import { namedTasks, planProtocol } from "../lib/eval/plan.ts";
import { probingSets } from "../lib/eval/probing_sets.ts";
import type { Protocol } from "../lib/eval/protocol.ts";
import { type TaskScores, writeResults } from "../lib/eval/results.ts";
import { comparisonTable, recordTable, scoreTable } from "../lib/eval/score_tables.ts";
import { SERVER, serverSystem } from "../lib/eval/server_system.ts";
import type { System } from "../lib/eval/system.ts";
import { parameterCount } from "../lib/model/config.ts";
import { loadAnyModel } from "../lib/model/quantised_checkpoint.ts";
import { findModel, tokenizerOf } from "../lib/pipeline/find_model.ts";
import { readDocuments } from "../lib/sources/read.ts";
import { sourceSpec } from "../lib/sources/spec.ts";
import { openTemplate } from "../lib/tokenizer/chat.ts";

/** Tokens of a probing set's document at most. */
const PROBE_TOKENS = 256;

/** Answers side by side: a GPU takes many rows in the time of one. */
const SLOTS = { wasm: 16, webgpu: 64 } as const;

interface Options {
  readonly model?: string;
  readonly server?: string;
  readonly answers?: string;
  readonly tokenizer?: string;
  readonly template: string;
  readonly backend: "wasm" | "webgpu";
  readonly window?: number;
  readonly slots?: number;
  readonly batchTokens: number;
  readonly tasks?: string;
  readonly data?: string;
  readonly hub?: true;
  readonly probes?: string;
  readonly mode: "completion" | "chat" | "perplexity";
  readonly shots?: number;
  readonly samples?: number;
  readonly limit?: number;
  readonly maxNewTokens?: number;
  readonly seed: number;
  readonly out?: string;
  readonly compare?: true;
  readonly contamination?: string;
  readonly table?: ResultTable;
}

function wholeNumber(least: number) {
  return (text: string) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least}.`);
  };
}

function oneOf<const Name extends string>(...names: Name[]) {
  return (text: string) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected one of ${names.join(", ")}.`);
  };
}

const command = taskCommand(
  "eval",
  "Benchmarks for a model, a server or a file of answers; --compare: two evaluations.",
)
  .usage("--model DIR --tasks gsm8k,arc_easy --data DIR [options]")
  .argument("[directories...]", "with --compare: two directories of results")
  .option(
    "--model <name>",
    "a model directory, packed or not, or a run; with --server the model's name there",
  )
  .option(
    "--server <url>",
    "an OpenAI-compatible server, up to /v1, or several with commas between; their key is OPENAI_API_KEY",
  )
  .option("--answers <file>", "JSON Lines of {task, id, answer}, a line for each sample")
  .option("--tasks <names>", "benchmarks with commas between; commonsense, all")
  .option("--data <directory>", "the folder that holds the benchmarks' folders")
  .option("--hub", "download what --data lacks into it, from the Hugging Face hub (HF_ENDPOINT, HF_TOKEN)")
  .option(
    "--probes <directory>",
    "with --mode perplexity: probing sets, such as a run's shards/probe, besides or instead of benchmarks",
  )
  .option(
    "--mode <mode>",
    "completion (with examples), chat (without), perplexity (of right answers)",
    oneOf("completion", "chat", "perplexity"),
    "completion",
  )
  .option("--shots <n>", "examples before each question; by default the paper's number", wholeNumber(0))
  .option("--samples <n>", "answers to each question; by default the paper's number", wholeNumber(1))
  .option("--limit <n>", "only the first questions, of each group where there are groups", wholeNumber(1))
  .option("--max-new-tokens <n>", "of an answer", wholeNumber(1))
  .option("--seed <n>", "of sampling and of bootstraps", wholeNumber(0), 1)
  .option("--out <directory>", "where results and answers are kept; by default runs/eval/MODEL")
  .option(
    "--tokenizer <name>",
    "llama3 or llama3-N; by default the one that the model's stage was trained with",
  )
  .option("--template <name>", "chat template: llama3, or a file", "llama3")
  .option("--backend <name>", "wasm or webgpu", oneOf("wasm", "webgpu"), "wasm")
  .option("--window <n>", "most tokens that the model sees; by default its maxPositions", wholeNumber(2))
  .option("--slots <n>", "answers written side by side; by default 16, on webgpu 64", wholeNumber(1))
  .option("--batch-tokens <n>", "tokens of a batch of log-likelihoods", wholeNumber(1), 4096)
  .option(
    "--table <name>",
    "beside the scores, a table of the paper with this model as its last row",
    oneOf("base_results", "post_results", "commonsense_per_task"),
  )
  .option("--compare", "compare two evaluations, question by question")
  .option(
    "--contamination <source>",
    "which questions a source (a name or a spec file) contains, instead of asking",
  );

await runTask<Options>(command, async (options, { signal, print }, directories) => {
  if (options.compare) {
    const [a, b, ...more] = directories;
    if (a === undefined || b === undefined || more.length > 0) {
      throw new UsageError(`--compare got ${directories.length} directories, expected 2.`);
    }
    return print(await compareResults(a, b, options.seed), comparisonTable);
  }
  const { contamination } = options;
  if (contamination !== undefined) {
    return print(await findContamination(contamination, options, signal), describeContamination);
  }
  if (options.probes !== undefined && options.mode !== "perplexity") {
    throw new UsageError(`--probes goes with --mode perplexity, not with ${options.mode}.`);
  }
  const onlyProbes = options.probes !== undefined && options.tasks === undefined;
  const asked = onlyProbes ? { tasks: [], data: "", hub: false } : askedTasks(options);
  await using system = await openSystem(options);
  await using sandboxes = new Sandboxes();
  const directory = options.out ?? join("runs", "eval", basename(options.model ?? options.answers ?? ""));
  const evaluations: Evaluation[] = [];
  for await (const protocol of plan(asked, options, system, sandboxes, signal)) {
    evaluations.push(await evaluate(protocol, system.name, directory, signal));
  }
  const { limit = null, seed } = options;
  const scores = await writeResults(directory, evaluations, { model: system.name, limit, seed });
  const paper = options.table === undefined ? null : await paperTable(options.table, options, scores);
  print({ directory, model: system.name, scores, table: paper }, () =>
    [
      scoreTable(scores),
      ...(paper === null ? [] : [recordTable(paperRecords(paper))]),
      `${directory}/results.json`,
    ].join("\n"));
});

/** The benchmarks and their folder. */
function askedTasks({ tasks, data, hub }: Options) {
  if (data === undefined || tasks === undefined) {
    throw new UsageError("eval: --tasks and --data are needed: which benchmarks, and where they are.");
  }
  return { tasks: namedTasks(tasks), data, hub: hub === true };
}

/** Benchmarks first, then probing sets; each is fetched and read when the one before is done. */
async function* plan(
  { tasks, data, hub }: ReturnType<typeof askedTasks>,
  options: Options,
  system: System,
  sandboxes: Sandboxes,
  signal: AbortSignal,
): AsyncGenerator<Protocol> {
  const { probes, limit = Infinity, window = Infinity } = options;
  for (const task of tasks) {
    if (hub) await fetchBenchmark(task, data, signal);
    yield await planProtocol(task, { ...options, data }, system, sandboxes);
  }
  // Half a window: where it was cut, a text may have more tokens when it is encoded again.
  const tokens = Math.min(PROBE_TOKENS, Math.ceil(window / 2));
  if (probes !== undefined) yield* await probingSets(probes, { limit, tokens }, system);
}

async function findContamination(source: string, options: Options, signal: AbortSignal) {
  const { tasks, data, hub } = askedTasks(options);
  const benchmarks = [];
  for (const task of tasks) {
    if (hub) await fetchBenchmark(task, data, signal);
    benchmarks.push({ name: task.name, items: await readItems(task, data) });
  }
  return await benchmarkContamination(benchmarks, readDocuments(await sourceSpec(source), { signal }));
}

function describeContamination({ benchmarks, documents }: Awaited<ReturnType<typeof findContamination>>) {
  return [`${documents} documents`, recordTable(benchmarks)].join("\n");
}

async function openSystem({ model, server, answers, ...options }: Options): Promise<System> {
  if (answers !== undefined) return await answersFile(answers);
  if (model === undefined) {
    throw new UsageError("eval: nothing to evaluate, expected --model, --server or --answers.");
  }
  if (server !== undefined) {
    const apiKey = Deno.env.get("OPENAI_API_KEY");
    return serverSystem({ ...SERVER, baseUrl: server, model, ...(apiKey !== undefined && { apiKey }) });
  }
  const directory = await findModel(model);
  const loaded = await loadAnyModel(directory);
  const tokenizer = await tokenizerOf(directory, loaded.config.vocabularySize, options.tokenizer);
  const { backend, slots = SLOTS[backend] } = options;
  const template = await openTemplate(options.template);
  return modelSystem(basename(model), loaded, tokenizer, template, { ...options, slots });
}

/** A table of the paper with the model's row. The paper does not say how it normalises commonsense; ours is by characters. */
async function paperTable(
  name: ResultTable,
  { model = "answers", server, answers }: Options,
  scores: readonly TaskScores[],
): Promise<PaperTable> {
  const own = server === undefined && answers === undefined;
  const parameters = own
    ? compactNumber(parameterCount((await loadAnyModel(await findModel(model))).config))
    : "";
  return withOwnRow(await loadPaperTable(name), { model: basename(model), parameters }, scores, "acc_norm");
}
