/**
 * Token shards by ranks: each tokenises its own documents into shards of its own; their documents, one after the other, are written as
 * the files that the stage "shards" would write.
 * @module
 */
import { readJsonLines } from "../../core/lines.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import { documentsPath } from "../../pipeline/stages/corpus.ts";
import {
  isCapability,
  MAX_TOKENS_PER_SHARD,
  openSelection,
  probePath,
  type ShardsInputs,
  type ShardsResult,
  type ShardSummary,
  trainPath,
} from "../../pipeline/stages/shards.ts";
import { openShards } from "../../shards/reader.ts";
import { writeShards, writeTokenShards } from "../../shards/writer.ts";
import type { Document } from "../../sources/document.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { partName } from "./part.ts";
import { slicesOf, within } from "./slice.ts";

/** The parts' kind. */
export const TOKENS = "tokens";

/** A rank's part; the result counts as the stage's does, for the slice alone. */
export function tokensPart(
  stage: Stage<ShardsResult>,
  recipe: Recipe,
  inputs: ShardsInputs,
  rank: number,
  ranks: number,
): Stage<ShardsResult> {
  const { corpus } = inputs;
  const { sources } = corpus.manifest.result;
  const domains = new Map(sources.map(({ name, domain }) => [name, domain]));
  return {
    name: partName(TOKENS, rank, ranks),
    recipe: { stage: stage.recipe, rank, ranks },
    inputs: stage.inputs,
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: async ({ directory, signal }) => {
      const tokenizer = await openTokenizer(recipe.tokenizer);
      const select = await openSelection(recipe, inputs);
      const train: ShardSummary[] = [], probes: ShardSummary[] = [];
      for (const slice of slicesOf(sources, rank, ranks)) {
        const { source } = slice;
        const write = async (target: string, heldOut: boolean): Promise<ShardSummary> => {
          const lines = readJsonLines<Pick<Document, "id" | "text">>(documentsPath(corpus.directory, source));
          const selected = select(within(lines, slice), heldOut);
          const begun = await begin(selected.documents);
          const { documents, tokens } = begun === undefined ? { documents: 0, tokens: 0 } : await writeShards(
            target,
            begun,
            tokenizer,
            { source, maxTokensPerShard: MAX_TOKENS_PER_SHARD, signal },
          );
          return { source, documents, tokens, contaminated: selected.contaminated.size };
        };
        train.push(await write(trainPath(directory, source), false));
        if (isCapability(domains.get(source) ?? "")) {
          probes.push(await write(probePath(directory, source), true));
        }
      }
      return { train, probes };
    },
  };
}

/**
 * The stage "shards", its files written from the parts' tokens.
 *
 * @param parts All of them, in the order of their ranks.
 */
export function fromTokens(
  stage: Stage<ShardsResult>,
  recipe: Recipe,
  { corpus }: Pick<ShardsInputs, "corpus">,
  parts: readonly FinishedStage<ShardsResult>[],
): Stage<ShardsResult> {
  return {
    ...stage,
    run: async ({ directory, signal }) => {
      const tokenizer = await openTokenizer(recipe.tokenizer);
      const merge = async (
        set: keyof ShardsResult,
        path: typeof trainPath,
        source: string,
      ): Promise<ShardSummary> => {
        const own = parts.flatMap(({ directory, manifest }) =>
          manifest.result[set].filter((summary) => summary.source === source)
            .map((summary) => ({ ...summary, directory: path(directory, source) }))
        );
        const filled = own.filter(({ documents }) => documents > 0);
        const { documents, tokens } = await writeTokenShards(
          path(directory, source),
          documentsOf(filled.map(({ directory }) => directory)),
          tokenizer,
          { source, maxTokensPerShard: MAX_TOKENS_PER_SHARD, signal },
        );
        const contaminated = own.reduce((sum, summary) => sum + summary.contaminated, 0);
        return { source, documents, tokens, contaminated };
      };
      const train: ShardSummary[] = [], probes: ShardSummary[] = [];
      for (const { name, domain } of corpus.manifest.result.sources) {
        train.push(await merge("train", trainPath, name));
        if (isCapability(domain)) probes.push(await merge("probes", probePath, name));
      }
      return { train, probes };
    },
  };
}

/** The documents of several directories of shards, as tokens. */
async function* documentsOf(directories: readonly string[]): AsyncGenerator<Uint32Array> {
  for (const directory of directories) {
    using shards = await openShards(directory);
    for (let document = 0; document < shards.documents; document++) {
      const start = shards.documentStart(document);
      yield shards.read(start, shards.documentStart(document + 1) - start);
    }
  }
}

/** The same stream with its first item read; undefined: it has none. */
async function begin<Item>(items: AsyncIterable<Item>): Promise<AsyncIterable<Item> | undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return undefined;
  return (async function* () {
    for (let next: IteratorResult<Item> = first; !next.done; next = await iterator.next()) yield next.value;
  })();
}
