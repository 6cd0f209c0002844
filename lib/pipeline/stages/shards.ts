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
import { probingIds, recipeBenchmarks } from "./probing.ts";

const MAX_TOKENS_PER_SHARD = 1 << 24;

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
  { corpus, curation }: ShardsInputs,
  { directory, signal }: StageContext,
): Promise<ShardsResult> {
  const { heldOutShare } = recipe;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const probing = await probingIds(recipe, curation);
  const benchmarks = await recipeBenchmarks(recipe);
  const { sources } = corpus.manifest.result;
  const progress = startProgress(
    "shards",
    sources.reduce((sum, { documents }) => sum + documents, 0),
    "documents",
  );
  let done = 0;
  async function* select(source: string, heldOut: boolean) {
    const path = documentsPath(corpus.directory, source);
    for await (const document of readJsonLines<Pick<Document, "id" | "text">>(path)) {
      if (probing.has(document.id) || isHeldOut(document.id, heldOutShare) !== heldOut) continue;
      progress.update(++done, source);
      yield document;
    }
  }
  const write = async (target: string, source: string, heldOut: boolean): Promise<ShardSummary> => {
    const settings = { source, maxTokensPerShard: MAX_TOKENS_PER_SHARD, signal };
    const contaminated = new Set<string>();
    const clean = withoutContaminated(
      select(source, heldOut),
      benchmarks,
      (_, { id }) => contaminated.add(id),
    );
    const { documents, tokens } = await writeShards(target, clean, tokenizer, settings);
    return { source, documents, tokens, contaminated: contaminated.size };
  };
  const train: ShardSummary[] = [], probes: ShardSummary[] = [];
  for (const { name: source, domain } of sources) {
    train.push(await write(trainPath(directory, source), source, false));
    if (isCapability(domain)) probes.push(await write(probePath(directory, source), source, true));
  }
  progress.finish();
  return { train, probes };
}

/** Where a source's training shards are. */
export function trainPath(directory: string, source: string): string {
  return join(directory, "train", source);
}

/** Where a source's held-out shards are. */
export function probePath(directory: string, source: string): string {
  return join(directory, "probe", source);
}
