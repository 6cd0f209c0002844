/**
 * Stage "shards": the corpus as tokens of the recipe's tokenizer: train/SOURCE, and what is held out of it: probe/SOURCE.
 * @module
 */
import { join } from "node:path";
import { readJsonLines } from "../../core/lines.ts";
import { startProgress } from "../../core/progress.ts";
import { isHeldOut } from "../../shards/split.ts";
import { writeShards } from "../../shards/writer.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type CorpusResult, documentsPath } from "./corpus.ts";

/** Capabilities that are probed; mail, the low-quality class, is none. */
export const CAPABILITIES = ["code", "math", "knowledge"] as const;

const MAX_TOKENS_PER_SHARD = 1 << 24;

/** One of {@link CAPABILITIES}. */
export type Capability = (typeof CAPABILITIES)[number];

/** Whether a domain is a probed capability. */
export function isCapability(domain: string): domain is Capability {
  return CAPABILITIES.some((capability) => capability === domain);
}

/** One source's shards. */
export interface ShardSummary {
  readonly source: string;
  readonly documents: number;
  /** Tokens of the recipe's tokenizer. */
  readonly tokens: number;
}

/** What the stage made of each source, and what it held out of it. */
export interface ShardsResult {
  readonly train: readonly ShardSummary[];
  readonly probes: readonly ShardSummary[];
}

/** The stage over a finished corpus. */
export function shardsStage(recipe: Recipe, corpus: FinishedStage<CorpusResult>): Stage<ShardsResult> {
  const { tokenizer, heldOutShare } = recipe;
  return {
    name: "shards",
    recipe: { tokenizer, heldOutShare },
    inputs: { corpus: corpus.manifest.digest },
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: (context) => buildShards(recipe, corpus, context),
  };
}

async function buildShards(
  { tokenizer: name, heldOutShare }: Recipe,
  corpus: FinishedStage<CorpusResult>,
  { directory, signal }: StageContext,
): Promise<ShardsResult> {
  const tokenizer = await openTokenizer(name);
  const { sources } = corpus.manifest.result;
  const progress = startProgress(
    "shards",
    sources.reduce((sum, { documents }) => sum + documents, 0),
    "documents",
  );
  let done = 0;
  async function* select(source: string, heldOut: boolean) {
    const path = documentsPath(corpus.directory, source);
    for await (const document of readJsonLines<{ id: string; text: string }>(path)) {
      if (isHeldOut(document.id, heldOutShare) !== heldOut) continue;
      progress.update(++done, source);
      yield document;
    }
  }
  const write = async (target: string, source: string, heldOut: boolean): Promise<ShardSummary> => {
    const settings = { source, maxTokensPerShard: MAX_TOKENS_PER_SHARD, signal };
    const { documents, tokens } = await writeShards(target, select(source, heldOut), tokenizer, settings);
    return { source, documents, tokens };
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
