/**
 * A recipe whose every stage takes seconds, on real text.
 * @module
 */
import { join } from "node:path";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";

export const SOURCES = ["stdlib-code", "freecodecamp-problems", "moby-dick"];

/** A folder with a recipe for models that train in seconds. @param judge Address of a server. */
export async function workspace(judge: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  const mixture = {
    name: "test",
    method: "uniform",
    sources: SOURCES.map((name) => ({ name, weight: 1 / SOURCES.length })),
    tokenizer: null,
    proxy: null,
    tokenBudget: null,
    caps: { maxEpochs: null },
    createdFrom: "a test",
  };
  const demo = await loadRecipe("demo", []);
  const small = { sequences: 4, length: 64, probeEvery: 10, checkpointEvery: 5 };
  const recipe = {
    ...demo,
    sources: SOURCES,
    tokenizer: "llama3-512",
    probeTokens: 1024,
    model: {
      ...demo.model,
      width: 32,
      layers: 1,
      heads: 2,
      keyValueHeads: 1,
      headSize: 16,
      feedForwardWidth: 64,
    },
    pretrain1: { ...demo.pretrain1, ...small, steps: 30, warmupSteps: 5, mixture: "influence" },
    pretrain2: { ...demo.pretrain2, ...small, steps: 20, warmupSteps: 5, mixture: "./mixture.json" },
    midtrain: {
      ...demo.midtrain,
      ...small,
      steps: 20,
      compression: { ...demo.midtrain.compression, documentsPerSource: 6 },
      rankMeRows: 64,
      distillation: { steps: 20, seeds: 3 },
    },
    sft: { ...demo.sft, ...small, length: 512, epochs: 1 },
    samples: { ...demo.samples, tokens: 8 },
    curation: {
      ...demo.curation,
      judge: { ...demo.curation.judge, address: judge, model: "stub" },
      judgedPerSource: 20,
      documentsPerSource: 8,
    },
    proxy: {
      ...demo.proxy,
      model: { ...demo.proxy.model, width: 16, headSize: 16, feedForwardWidth: 32 },
      length: 64,
      checkpointEvery: 5,
    },
    leaveOneOut: { ...demo.leaveOneOut, steps: 20 },
    influence: { ...demo.influence, steps: 20, length: 64 },
    validation: {
      ...demo.validation,
      ...{ steps: 10, subsets: 4, checkpoints: 2, candidatesPerSource: 4, probesPerCapability: 4 },
    },
    comparison: { steps: 20, seeds: 3, sampled: 8 },
  };
  await Deno.writeTextFile(join(folder, "mixture.json"), JSON.stringify(mixture));
  await Deno.writeTextFile(join(folder, "recipe.json"), JSON.stringify(recipe));
  return folder;
}
