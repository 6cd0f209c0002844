/**
 * `deno task curate`: from sources to representative and probing sets, by hierarchical rejection sampling.
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import { join } from "node:path";
import { type Catalog, openCatalog } from "../lib/catalog/catalog.ts";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { readNamedJson } from "../lib/core/named_file.ts";
import { startProgress } from "../lib/core/progress.ts";
import { askLlm } from "../lib/curation/ask_llm.ts";
import { indexBenchmarks } from "../lib/curation/contamination.ts";
import { loadEducationClassifier } from "../lib/curation/education_classifier.ts";
import { readFunnel } from "../lib/curation/funnel.ts";
import { openJudge } from "../lib/curation/open_judge.ts";
import { NEAR_DUPLICATES } from "../lib/curation/near_duplicates.ts";
import { CAPABILITIES, listsByDomain, loadProbingLists } from "../lib/curation/probing.ts";
import { loadPrompt } from "../lib/curation/prompt.ts";
import { REPRESENTATIVES_FILE, sampleRepresentatives } from "../lib/curation/rejection_sampling.ts";
import { SAMPLING } from "../lib/curation/sampling_plan.ts";
import type { Scorer } from "../lib/curation/scores.ts";
import { labelsByDomain, trainWeakClassifier } from "../lib/curation/weak_classifier.ts";
import type { Document } from "../lib/sources/document.ts";
import { readDocuments } from "../lib/sources/read.ts";
import { parseSourceSpec, type SourceSpec } from "../lib/sources/spec.ts";
import { openTokenizer } from "../lib/tokenizer/tokenizer.ts";

interface Options {
  source: string[];
  out: string;
  judge: string;
  judgeModel?: string;
  judgeTokenizer: string;
  judgeFormat: "chat" | "plain";
  education?: string;
  benchmark: string[];
  lists?: string;
  documents: number;
  estimate?: boolean;
  inputPrice: number;
  outputPrice: number;
}

/** Rows inserted at once. */
const INSERTED_AT_ONCE = 10_000;

/** One of the project's sources by its name, or a file that specifies one. */
async function openSource(nameOrPath: string): Promise<SourceSpec> {
  const { path, value } = await readNamedJson(
    "source",
    nameOrPath,
    new URL("../data/sources/", import.meta.url),
  );
  return parseSourceSpec(value, path);
}

/** The catalogue's rows about the documents of the sources. */
async function insertDocuments(
  catalog: Catalog,
  specs: readonly SourceSpec[],
  signal: AbortSignal,
): Promise<void> {
  const tokenizer = await openTokenizer("llama3");
  await catalog.execute("DELETE FROM documents; DELETE FROM scores");
  const progress = startProgress("reading", 0, "documents");
  let count = 0;
  for (const spec of specs) {
    let rows: Record<string, unknown>[] = [];
    for await (const { id, source, text, licence } of readDocuments(spec, { signal })) {
      const tokens = tokenizer.countTokens(text);
      rows.push({ id, source, domain: spec.domain, licence, characters: text.length, tokens });
      progress.update(++count, source);
      if (rows.length < INSERTED_AT_ONCE) continue;
      await catalog.insert("documents", rows);
      rows = [];
    }
    await catalog.insert("documents", rows);
  }
  progress.finish();
}

/** The education classifier of a directory, or one trained on where the documents come from. */
async function openEducation(
  directory: string | undefined,
  specs: readonly SourceSpec[],
  signal: AbortSignal,
): Promise<Scorer> {
  if (directory !== undefined) return await loadEducationClassifier(directory);
  async function* documents(): AsyncGenerator<Document> {
    for (const spec of specs) yield* readDocuments(spec, { signal });
  }
  const domains = Object.fromEntries(specs.map(({ name, domain }) => [name, domain]));
  const { scorer } = await trainWeakClassifier(documents(), labelsByDomain(domains));
  console.error(`education: ${scorer.provenance}`);
  return scorer;
}

/** "gsm8k=items.jsonl" as a benchmark. */
function benchmarkOf(flag: string): { name: string; path: string } {
  const [, name, path] = /^([^=]+)=(.+)$/.exec(flag) ?? [];
  if (name === undefined || path === undefined) {
    throw new UsageError(`--benchmark is "${flag}", expected NAME=FILE.`);
  }
  return { name, path };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

function price(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError("expected a price, 0 or more.");
}

const collect = (value: string, before: string[]) => [...before, value];

const command = taskCommand(
  "curate",
  "Representative and probing sets of sources, by hierarchical rejection sampling with a judge.",
)
  .requiredOption(
    "--source <name>",
    "a source of the project, or a file that specifies one; repeatable",
    collect,
    [],
  )
  .requiredOption(
    "--out <folder>",
    "where scores, catalogue and representatives go; a second call goes on from there",
  )
  .requiredOption(
    "--judge <server or folder>",
    "an OpenAI-compatible server (http://localhost:8000/v1) or a model directory",
  )
  .option("--judge-model <name>", "the server's model (the key is taken from OPENAI_API_KEY)")
  .option("--judge-tokenizer <name>", "tokenizer of the model directory", "llama3")
  .addOption(
    new Option("--judge-format <format>", "how the model of the directory is asked").choices([
      "chat",
      "plain",
    ])
      .default("chat"),
  )
  .option(
    "--education <folder>",
    "FineWeb-Edu's classifier; without it one is trained on the sources' domains",
  )
  .option(
    "--benchmark <name=file>",
    "JSONL whose items no representative may contain; repeatable",
    collect,
    [],
  )
  .option("--lists <name>", "probing lists in data/curation, or a file; without them by the sources' domains")
  .option("--documents <n>", "most representatives of a source", wholeNumber, SAMPLING.documentsPerSource)
  .option("--estimate", "say what the server will at most be asked, and stop")
  .option("--input-price <price>", "of a million tokens, for --estimate", price, 0)
  .option("--output-price <price>", "of a million tokens, for --estimate", price, 0);

await runTask<Options>(command, async (options, { signal, print }) => {
  if (options.source.length === 0) throw new UsageError("--source is missing, expected at least one.");
  const specs = await Promise.all(options.source.map(openSource));
  const sources = specs.map(({ name }) => name);
  const twice = sources.find((name, i) => sources.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--source names "${twice}" twice.`);
  const probing = options.lists === undefined ? listsByDomain(specs) : await loadProbingLists(options.lists);
  const benchmarks = await indexBenchmarks(options.benchmark.map(benchmarkOf));
  const judge = await openJudge(options.judge, {
    model: options.judgeModel,
    tokenizer: options.judgeTokenizer,
    format: options.judgeFormat,
    cacheDirectory: join(options.out, "judgements"),
  });
  const prompts = {
    reasoning: await loadPrompt("reasoning"),
    code: await loadPrompt("code"),
    math: await loadPrompt("math"),
    knowledge: await loadPrompt("knowledge"),
  };

  await using catalog = await openCatalog({ directory: join(options.out, "catalog") });
  await insertDocuments(catalog, specs, signal);

  if (options.estimate) {
    if (!("estimate" in judge)) {
      throw new UsageError("--estimate needs a server as --judge: a model directory costs time alone.");
    }
    const rows = (await catalog.query("SELECT DISTINCT id, characters FROM documents")).objects() as {
      id: string;
      characters: number;
    }[];
    const estimate = await judge.estimate(prompts.reasoning, rows, {
      input: options.inputPrice,
      output: options.outputPrice,
    });
    return print(
      estimate,
      ({ requests, inputTokens, outputTokens, price }) =>
        `If the education step left all ${rows.length} documents, the reasoning prompt would take ${requests} requests, ` +
        `${inputTokens} tokens in, ${outputTokens} out, price ${price.toFixed(2)}; ` +
        `the domain prompts about ${SAMPLING.topShare} of that each.`,
    );
  }

  const funnel = await sampleRepresentatives(
    catalog,
    (source) => {
      // The plan names these sources alone.
      return readDocuments(specs.find(({ name }) => name === source) as SourceSpec, { signal });
    },
    {
      education: await openEducation(options.education, specs, signal),
      reasoning: askLlm(judge, prompts.reasoning),
      domain: {
        code: askLlm(judge, prompts.code),
        math: askLlm(judge, prompts.math),
        knowledge: askLlm(judge, prompts.knowledge),
      },
    },
    { ...SAMPLING, sources, probing, near: NEAR_DUPLICATES, documentsPerSource: options.documents },
    { directory: options.out, benchmarks, signal },
  );
  await catalog.save();
  const counts =
    (await catalog.query("SELECT capability, count(*) AS documents FROM probing GROUP BY capability"))
      .objects() as { capability: string; documents: number }[];
  const found = new Map(counts.map(({ capability, documents }) => [capability, documents]));
  const sets = Object.fromEntries(CAPABILITIES.map((capability) => [capability, found.get(capability) ?? 0]));
  const table = formatTable(await readFunnel(catalog));
  print(
    { funnel, probing: sets, representatives: join(options.out, REPRESENTATIVES_FILE) },
    (result) =>
      `${table}\n\nprobing sets: ${
        CAPABILITIES.map((name) => `${name} ${sets[name]}`).join(", ")
      }\n${result.representatives}`,
  );
});
