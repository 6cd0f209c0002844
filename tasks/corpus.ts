/**
 * `deno task corpus`: SQL over the catalogue, a profile of someone's own data, a look at one of the project's sources.
 * @module
 */
import { Option } from "commander";
import { basename, join, resolve } from "node:path";
import { type Catalog, openCatalog } from "../lib/catalog/catalog.ts";
import { type EngineName, ENGINES } from "../lib/catalog/engine.ts";
import { profileCorpus, type SourceProfile } from "../lib/catalog/profile.ts";
import { insertPublished } from "../lib/catalog/published.ts";
import { formatTable } from "../lib/catalog/text_table.ts";
import { exists } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber, formatDuration, startProgress } from "../lib/core/progress.ts";
import { describeDocuments, type DocumentFacts } from "../lib/pipeline/stages/corpus.ts";
import type { Document } from "../lib/sources/document.ts";
import { loadLanguageIdentifier } from "../lib/sources/language.ts";
import { readDocuments } from "../lib/sources/read.ts";
import { type SourceSpec, sourceSpec } from "../lib/sources/spec.ts";
import { openTokenizer } from "../lib/tokenizer/tokenizer.ts";

interface Options {
  query?: string;
  run?: string;
  engine: EngineName;
  memory?: string;
  spill?: string;
  path?: string;
  textField?: string;
  source?: string;
}

/** A profile and what a reader of it wants to know beside. */
interface Report extends SourceProfile {
  /** Files of a folder that are no text. */
  readonly skippedFiles: number;
  readonly seconds: number;
  /** Of the whole: reading, hashing, language, tokens. */
  readonly tokensPerSecond: number;
  /** Of counting tokens alone, on one core. */
  readonly tokenizerTokensPerSecond: number;
  /** The first documents, cut. */
  readonly examples: readonly { readonly metadata: Document["metadata"]; readonly text: string }[];
}

const SOURCE_LIST =
  "SELECT source, domain, licence, documents, tokens, description FROM sources ORDER BY domain, source";

const EXAMPLES = 3;
const EXAMPLE_CHARACTERS = 400;
/** Languages and licences that a line of text has room for. */
const MOST_FREQUENT = 8;

/** Someone's own folder or file as a source. */
function ownSource(path: string, textField: string | undefined): SourceSpec {
  return {
    name: basename(resolve(path)),
    domain: "other",
    licence: "unknown",
    description: path,
    reader: { kind: "directory", path, ...(textField === undefined ? {} : { textField }) },
    limits: { share: 1 },
  };
}

/** Reads a source once, for its profile and its first documents. */
async function report(spec: SourceSpec, signal: AbortSignal): Promise<Report> {
  const tokenizer = await openTokenizer("llama3");
  const identifyLanguage = await loadLanguageIdentifier();
  const examples: Report["examples"][number][] = [];
  let skippedFiles = 0;
  const documents = async function* () {
    for await (const document of readDocuments(spec, { signal, onSkip: () => skippedFiles++ })) {
      if (examples.length < EXAMPLES) {
        examples.push({ metadata: document.metadata, text: document.text.slice(0, EXAMPLE_CHARACTERS) });
      }
      yield document;
    }
  };
  const progress = startProgress(spec.name, 0, "tokens");
  const countTokens = (text: string) => tokenizer.countTokens(text);
  const profile = await profileCorpus(documents(), { countTokens, identifyLanguage }, progress.update);
  progress.finish();
  // readDocuments gives documents of one source, and throws where it has none.
  const [source] = profile.sources as [SourceProfile];
  return {
    ...source,
    skippedFiles,
    seconds: profile.seconds,
    tokensPerSecond: source.tokens / profile.seconds,
    tokenizerTokensPerSecond: source.tokens / profile.tokenizerSeconds,
    examples,
  };
}

function describe(report: Report): string {
  const shares = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).slice(0, MOST_FREQUENT)
      .map(([name, count]) => `${name} ${(100 * count / report.documents).toFixed(1)}%`).join(", ");
  const lines: [string, string][] = [
    ["source", report.source],
    ["documents", report.documents.toLocaleString("en")],
    ["duplicates", report.duplicates.toLocaleString("en")],
    ["characters", report.characters.toLocaleString("en")],
    ["tokens", `${report.tokens.toLocaleString("en")} (Llama 3)`],
    ["languages", shares(report.languages)],
    ["licences", shares(report.licences)],
    ["skipped files", report.skippedFiles.toLocaleString("en")],
    [
      "took",
      `${formatDuration(report.seconds)}: ${compactNumber(report.tokensPerSecond)} tokens/s, ` +
      `the tokenizer alone ${compactNumber(report.tokenizerTokensPerSecond)}`,
    ],
  ];
  const examples = report.examples.map(({ metadata, text }) =>
    `\n── ${Object.values(metadata).filter((value) => value !== null).join(" · ")}\n${text.trim()}\n`
  );
  return lines.map(([label, value]) => `${label.padEnd(14)} ${value}`).join("\n") + "\n" + examples.join("");
}

/** Rows inserted at once. */
const ROWS_AT_ONCE = 10_000;

/** The facts about a source's documents as rows of the catalogue's table `documents`. */
async function insertDocuments(catalog: Catalog, spec: SourceSpec, signal: AbortSignal): Promise<void> {
  const describe = await describeDocuments((source) => readDocuments(source, { signal }));
  const progress = startProgress(spec.name, 0, "documents");
  let rows: DocumentFacts[] = [], documents = 0;
  for await (const { facts } of describe(spec, () => true)) {
    progress.update(++documents);
    if (rows.push(facts) < ROWS_AT_ONCE) continue;
    await catalog.insert("documents", rows.map((row) => ({ ...row })));
    rows = [];
  }
  await catalog.insert("documents", rows.map((row) => ({ ...row })));
  progress.finish();
}

const command = taskCommand(
  "corpus",
  "SQL over the catalogue (the paper's tables, mixtures, sources, a run), or a profile of a corpus.",
)
  .option(
    "--query <sql>",
    "what to ask; SELECT * FROM paper_tables lists the paper's tables; by default the sources",
  )
  .addOption(
    new Option("--run <name>", "with the catalogue of this run: its documents, mixes and metrics")
      .conflicts(["path", "source"]),
  )
  .addOption(
    new Option("--engine <engine>", "DuckDB's build; native: all cores, and more rows than memory holds")
      .choices(ENGINES).default("wasm"),
  )
  .option("--memory <size>", 'what DuckDB may take, such as "2GB"; by default 80% of the machine\'s memory')
  .option("--spill <directory>", "where the native engine keeps what does not stay in memory; must exist")
  .option(
    "--path <path>",
    "profile a folder or a file: text, code, JSONL (.gz, .zst), parquet; with --query: ask about its documents",
  )
  .option("--text-field <name>", "with --path: the field of JSONL or the column of parquet with the text")
  .addOption(
    new Option("--source <name>", "the same of one of the project's sources: its profile and first documents")
      .conflicts(["path"]),
  )
  .addHelpText(
    "after",
    `
A profile streams and takes 8 to 23 bytes a document. A question about a big folder, within 2 GB of memory:
  deno task corpus --path DIR --engine native --memory 2GB --spill /scratch \\
    --query "SELECT language, count(*) AS documents, sum(tokens) AS tokens FROM documents GROUP BY ALL"`,
  );

await runTask<Options>(
  command,
  async ({ query, run, engine, memory, spill, path, textField, source }, { signal, print }) => {
    if (textField !== undefined && path === undefined) throw new UsageError("--text-field needs --path.");
    if (spill !== undefined && engine !== "native") throw new UsageError("--spill needs --engine native.");
    const own = path !== undefined
      ? ownSource(path, textField)
      : source !== undefined
      ? await sourceSpec(source)
      : undefined;
    if (own !== undefined && query === undefined) {
      if (memory !== undefined || engine !== "wasm") {
        throw new UsageError("--engine and --memory need --query: a profile asks no database.");
      }
      return print(await report(own, signal), describe);
    }
    const directory = run === undefined ? undefined : join("runs", run, "catalog");
    if (directory !== undefined && !await exists(directory)) {
      throw new UsageError(`--run is "${run}", but ${directory} does not exist.`);
    }
    await using catalog = await openCatalog({
      engine,
      ...(directory !== undefined && { directory }),
      ...(memory !== undefined && { memoryLimit: memory }),
      ...(spill !== undefined && { spillDirectory: spill }),
    });
    await insertPublished(catalog);
    if (own !== undefined) await insertDocuments(catalog, own, signal);
    const table = await catalog.query(query ?? SOURCE_LIST);
    // JSON has no bigint: integers beyond 2^53 are printed as strings.
    const rows = table.objects().map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
      )
    );
    print({ rows }, () => formatTable(table));
  },
);
