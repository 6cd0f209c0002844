/**
 * Stage "pool": what mid-training may train on, as token shards: a sample of each source's training documents, or all of them; and
 * the benchmarks' train sets where the recipe includes them.
 *
 * A benchmark's item is a document: its strings, a line each.
 * @module
 */
import { exists, hashFile } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { readBenchmarkItems } from "../../curation/contamination.ts";
import { type PoolDocument, poolOf } from "../../mixture/pool.ts";
import { openShards } from "../../shards/reader.ts";
import { writeShards } from "../../shards/writer.ts";
import { openTokenizer, type Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type ShardsResult, trainPath } from "./shards.ts";

const MAX_TOKENS_PER_SHARD = 1 << 24;

/** The benchmarks' train sets in the shards, where there are some. */
export const BENCHMARK_TRAIN_SOURCE = "benchmark-train";

/** A source in the pool. */
export interface PoolSource {
  readonly source: string;
  readonly documents: number;
  readonly tokens: number;
}

/** The stage's result. */
export interface PoolResult {
  readonly sources: readonly PoolSource[];
  /** null: the recipe leaves them out. */
  readonly benchmarkTrainSets: PoolSource | null;
}

/** The stage over finished shards. */
export async function poolStage(
  recipe: Recipe,
  shards: FinishedStage<ShardsResult>,
): Promise<Stage<PoolResult>> {
  const { seed, tokenizer, midtrain: { compression, benchmarkTrainSets } } = recipe;
  const { sources, documentsPerSource } = compression;
  const { include, files } = benchmarkTrainSets;
  const hashes = await Promise.all(
    Object.entries(include ? files : {}).map(async ([name, path]) => [name, await hashNamed(name, path)]),
  );
  return {
    name: "pool",
    recipe: { seed, tokenizer, sources, documentsPerSource, include },
    inputs: { shards: shards.manifest.digest, ...Object.fromEntries(hashes) },
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: (context) => buildPool(recipe, shards, context),
  };
}

async function hashNamed(benchmark: string, path: string): Promise<string> {
  if (!await exists(path)) {
    throw new UsageError(`midtrain.benchmarkTrainSets.files: ${path} of "${benchmark}" does not exist.`);
  }
  return (await hashFile(path)).sha256;
}

async function buildPool(
  { seed, midtrain, ...recipe }: Recipe,
  shards: FinishedStage<ShardsResult>,
  { directory, signal }: StageContext,
): Promise<PoolResult> {
  const { compression: { sources: wanted, documentsPerSource }, benchmarkTrainSets } = midtrain;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const sources: PoolSource[] = [];
  for (const source of pooledSources(shards.manifest.result.train.map(({ source }) => source), wanted)) {
    using all = await openShards(trainPath(shards.directory, source));
    const documents = poolOf(all, documentsPerSource, seed);
    sources.push(await writeTexts(directory, source, textsOf(documents, tokenizer), tokenizer, signal));
  }
  const { include, files } = benchmarkTrainSets;
  return {
    sources,
    benchmarkTrainSets: include
      ? await writeTexts(directory, BENCHMARK_TRAIN_SOURCE, benchmarkTexts(files), tokenizer, signal)
      : null,
  };
}

/** The sources of the pool, in the order of the shards. @throws {UsageError} for one that is not among them. */
export function pooledSources(all: readonly string[], wanted: readonly string[] | null): readonly string[] {
  if (wanted === null) return all;
  const unknown = wanted.find((source) => !all.includes(source));
  if (unknown !== undefined) {
    throw new UsageError(
      `midtrain.compression.sources names "${unknown}", expected sources of the recipe: ${all.join(", ")}.`,
    );
  }
  return all.filter((source) => wanted.includes(source));
}

/** Writes a source's texts as token shards into a stage's directory. */
export async function writeTexts(
  directory: string,
  source: string,
  texts: AsyncIterable<{ readonly text: string }>,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<PoolSource> {
  const settings = { source, maxTokensPerShard: MAX_TOKENS_PER_SHARD, signal };
  const { documents, tokens } = await writeShards(trainPath(directory, source), texts, tokenizer, settings);
  return { source, documents, tokens };
}

/** What documents say: shards are written from texts, and a text is encoded to the same tokens again. */
export async function* textsOf(
  documents: Iterable<PoolDocument>,
  tokenizer: Tokenizer,
): AsyncGenerator<{ text: string }> {
  for (const { tokens } of documents) yield { text: tokenizer.decode(tokens.subarray(1, -1)) };
}

async function* benchmarkTexts(files: Readonly<Record<string, string>>): AsyncGenerator<{ text: string }> {
  for (const [name, path] of Object.entries(files)) {
    for await (const { fields } of readBenchmarkItems(name, path)) yield { text: fields.join("\n") };
  }
}
