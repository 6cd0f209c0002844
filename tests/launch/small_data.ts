/**
 * A run over four sources that are made up, whose judge says 0 or 1 at random: its data and its model are made in seconds.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../lib/core/artefacts.ts";
import { saveModel } from "../../lib/model/checkpoint.ts";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { mixtureFileOf, uniformMixture } from "../../lib/core/mixture.ts";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";
import { Run } from "../../lib/pipeline/run.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { uniqueWords } from "../curation/documents.ts";

const TOKENIZER = "llama3-512";

const tokenizer = await openTokenizer(TOKENIZER);

/** Of the model and of the judge. */
const SHAPE = { layers: 1, width: 16, heads: 1, keyValueHeads: 1, headSize: 16, feedForwardWidth: 16 };

const JUDGE = { ...MODEL_SIZES["140m"], ...SHAPE, vocabularySize: tokenizer.vocabularySize };

/** The sources, how many documents each has, and how their texts begin. */
const SOURCES = {
  letters: ["mail", 30, "offer sale buy now"],
  programs: ["code", 47, "function return const value"],
  proofs: ["math", 61, "theorem lemma proof"],
  essays: ["knowledge", 52, "history of the river and its town"],
} as const;

/** Random ones, but the heads of "1" and "0" look the way of the token before an answer: one of them is likely, whatever the text. */
function judgeWeights(): Float32Array {
  const weights = initialise(JUDGE, 1);
  const row = (text: string) => {
    const id = tokenizer.encode(text).at(-1) ?? 0;
    return weights.subarray(id * JUDGE.width, (id + 1) * JUDGE.width);
  };
  const way = row("\n\n").map((value) => 3 * Math.sign(value));
  row("1").set(way);
  row("0").set(way.map((value, i) => i % 3 === 0 ? -value : value));
  return weights;
}

/** Writes sources and recipe into a folder. @returns the recipe's path. */
export async function writeSmallData(folder: string): Promise<string> {
  const sources: string[] = [];
  for (const [name, [domain, count, beginning]] of Object.entries(SOURCES)) {
    const texts = Array.from(
      { length: count },
      (_, i) => `${beginning} number ${i} ${uniqueWords(1000 * sources.length + i, 20).join(" ")}`,
    );
    const reader = { kind: "jsonl", path: `${name}.jsonl` };
    await Deno.writeTextFile(
      join(folder, `${name}.jsonl`),
      texts.map((text) => JSON.stringify({ text }) + "\n").join(""),
    );
    const path = join(folder, `${name}.json`);
    await writeJson(path, { name, domain, licence: "MIT", description: "", reader });
    sources.push(path);
  }
  const judge = join(folder, "judge");
  await saveModel(judge, JUDGE, judgeWeights());
  const mixture = join(folder, "mixture.json");
  await writeJson(mixture, mixtureFileOf(uniformMixture(["programs", "proofs"], TOKENIZER)));
  const pretraining = { sequences: 2, length: 32, steps: 4, warmupSteps: 1, probeEvery: 4, mixture };
  const recipe = join(folder, "recipe.json");
  await writeJson(recipe, {
    extends: "demo",
    description: "Data made in seconds",
    sources,
    tokenizer: TOKENIZER,
    heldOutShare: 0.2,
    probeTokens: 256,
    model: SHAPE,
    pretrain1: pretraining,
    pretrain2: pretraining,
    curation: { topShare: 0.3, judge: { address: judge, tokenizer: TOKENIZER } },
  });
  return recipe;
}

/** The run of a recipe in a folder of its own. */
export async function smallRun(recipe: string, root: string): Promise<Run> {
  const { signal } = new AbortController();
  return await Run.open("small", await loadRecipe(recipe, []), { root, restart: false, signal });
}
