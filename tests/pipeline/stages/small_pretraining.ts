/**
 * A stage of pretraining over two sources that are made up, which takes a second.
 * @module
 */
import { uniformMixture } from "../../../lib/core/mixture.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";
import { pretrainingStage } from "../../../lib/pipeline/stages/pretraining.ts";
import { trainPath } from "../../../lib/pipeline/stages/shards.ts";
import { writeShards } from "../../../lib/shards/writer.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { finished } from "./finished.ts";

const TOKENIZER = "llama3-512";
const demo = await loadRecipe("demo", []);

/** Its recipe; a checkpoint has 130 kB. */
export const RECIPE = {
  ...demo,
  tokenizer: TOKENIZER,
  model: {
    ...demo.model,
    width: 16,
    layers: 1,
    heads: 1,
    keyValueHeads: 1,
    headSize: 16,
    feedForwardWidth: 32,
  },
  pretrain1: { ...demo.pretrain1, steps: 40, sequences: 2, length: 32, checkpointEvery: 2, probeEvery: 40 },
};

/** Both sources, or one. */
export const mixtureOf = (...sources: string[]) => uniformMixture(sources, TOKENIZER);

async function* texts(word: string) {
  for (let i = 0; i < 20; i++) yield { text: `${word} ${i} `.repeat(30) };
}

/** Writes the sources' shards into a folder. @returns stages over them. */
export async function smallPretraining(folder: string) {
  const tokenizer = await openTokenizer(TOKENIZER);
  for (const source of ["a", "b"]) {
    await writeShards(trainPath(folder, source), texts(source), tokenizer, {
      source,
      maxTokensPerShard: 1e6,
    });
  }
  const corpus = finished("corpus", folder, { sources: [] });
  return (recipe = RECIPE, mixture = mixtureOf("a", "b"), shardsDigest = "these") => {
    const shards = finished("shards", folder, { train: [], probes: [] }, shardsDigest);
    return pretrainingStage("pretrain-1", recipe, recipe.pretrain1, { corpus, shards, mixture });
  };
}
