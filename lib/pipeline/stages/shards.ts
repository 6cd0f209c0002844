/**
 * Stage "shards": the corpus as tokens of the recipe's tokenizer: train/SOURCE, and what is held out of it: probe/SOURCE. The
 * curated probing sets are in neither, nor are documents that contain an item of a benchmark.
 * @module
 */
import { join } from "node:path";
import { readJsonLines } from "../../core/lines.ts";
import { startProgress } from "../../core/progress.ts";
import { withoutContaminated } from "../../curation/contamination.ts";
import { CAPABILITIES, type Capability } from "../../curation/probing.ts";
import { isHeldOut } from "../../shards/split.ts";
import { writeShards } from "../../shards/writer.ts";
import type { Document } from "../../sources/document.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type CorpusResult, documentsPath } from "./corpus.ts";
import type { CurationResult } from "./curation.ts";
import { probingIds } from "./probing.ts";
import { recipeBenchmarks } from "./recipe_benchmarks.ts";

/** Tokens of a file. */
export const MAX_TOKENS_PER_SHARD = 1 << 24;

/** Whether a domain is a probed capability; mail, the low-quality class, is none. */
export function isCapability(domain: string): domain is Capability {
  return CAPABILITIES.some((capability) => capability === domain);
}

/** One source's shards. */
export interface ShardSummary {
  readonly source: string;
  readonly documents: number;
  /** Tokens of the recipe's tokenizer. */
  readonly tokens: number;
  /** Documents left out since they contain an item of a benchmark. */
  readonly contaminated: number;
}

/** What the stage made of each source, and what it held out of it. */
export interface ShardsResult {
  readonly train: readonly ShardSummary[];
  readonly probes: readonly ShardSummary[];
}

/** What the shards are made of. */
export interface ShardsInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly curation: FinishedStage<CurationResult>;
}

/** The stage over a finished curation. */
export function shardsStage(recipe: Recipe, inputs: ShardsInputs): Stage<ShardsResult> {
  const { seed, tokenizer, heldOutShare, curation: { overlap, benchmarks } } = recipe;
  return {
    name: "shards",
    recipe: { seed, tokenizer, heldOutShare, overlap, benchmarks },
    inputs: { corpus: inputs.corpus.manifest.digest, curation: inputs.curation.manifest.digest },
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: (context) => buildShards(recipe, inputs, context),
  };
}

async function buildShards(
  recipe: Recipe,
  inputs: ShardsInputs,
  { directory, signal }: StageContext,
): Promise<ShardsResult> {
  const { corpus } = inputs;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const select = await openSelection(recipe, inputs);
  const { sources } = corpus.manifest.result;
  const progress = startProgress(
    "shards",
    sources.reduce((sum, { documents }) => sum + documents, 0),
    "documents",
  );
  let done = 0;
  const write = async (target: string, source: string, heldOut: boolean): Promise<ShardSummary> => {
    const path = documentsPath(corpus.directory, source);
    const selected = select(readJsonLines<Text>(path), heldOut);
    const { documents, tokens } = await writeShards(target, selected.documents, tokenizer, {
      source,
      maxTokensPerShard: MAX_TOKENS_PER_SHARD,
      signal,
      onProgress: () => progress.update(++done, source),
    });
    return { source, documents, tokens, contaminated: selected.contaminated.size };
  };
  const train: ShardSummary[] = [], probes: ShardSummary[] = [];
  for (const { name: source, domain } of sources) {
    train.push(await write(trainPath(directory, source), source, false));
    if (isCapability(domain)) probes.push(await write(probePath(directory, source), source, true));
  }
  progress.finish();
  return { train, probes };
}

/** What is read of a document. */
type Text = Pick<Document, "id" | "text">;

/** Documents for a set of shards. */
interface Selected {
  readonly documents: AsyncIterable<Text>;
  /** Ids of those left out since they contain an item of a benchmark; whole once the documents are read. */
  readonly contaminated: ReadonlySet<string>;
}

/** Says which documents go into training shards, and which into those that are held out. */
export async function openSelection(
  recipe: Recipe,
  { curation }: Pick<ShardsInputs, "curation">,
): Promise<(documents: AsyncIterable<Text>, heldOut: boolean) => Selected> {
  const probing = await probingIds(recipe, curation);
  const benchmarks = await recipeBenchmarks(recipe);
  async function* keep(documents: AsyncIterable<Text>, heldOut: boolean) {
    for await (const document of documents) {
      if (!probing.has(document.id) && isHeldOut(document.id, recipe.heldOutShare) === heldOut) {
        yield document;
      }
    }
  }
  return (documents, heldOut) => {
    const contaminated = new Set<string>();
    const clean = withoutContaminated(
      keep(documents, heldOut),
      benchmarks,
      (_, { id }) => contaminated.add(id),
    );
    return { documents: clean, contaminated };
  };
}

/** Where a source's training shards are. */
export function trainPath(directory: string, source: string): string {
  return join(directory, "train", source);
}

/** Where a source's held-out shards are. */
export function probePath(directory: string, source: string): string {
  return join(directory, "probe", source);
}
