/**
 * A run over sources that are made up, one of them a folder, some texts in two places, whose judge says 0 or 1 at random: its data and its model are made in seconds.
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
import type { Trainer } from "../../lib/pipeline/trainer.ts";
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

const NAMES = ["letters", "programs", "proofs", "essays"] as const;

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

async function writeLines(folder: string, path: string, texts: readonly string[]): Promise<string> {
  await Deno.writeTextFile(
    join(folder, path),
    texts.map((text) => JSON.stringify({ text, origin: path }) + "\n").join(""),
  );
  return path;
}

/** Five files of different sizes; one has a text of the first again, and one of the source before. */
async function writeFolder(folder: string, name: string, texts: readonly string[]): Promise<string> {
  await Deno.mkdir(join(folder, name));
  const [first = ""] = texts;
  await writeLines(folder, `${name}/a.jsonl`, texts.slice(0, 10));
  await writeLines(folder, `${name}/b.jsonl`, texts.slice(10, 11));
  await Deno.writeTextFile(join(folder, name, "c.md"), `# An essay\n\n${texts[11]}`);
  await writeLines(folder, `${name}/d.jsonl`, [...texts.slice(12, 40), first, textOf("proofs", 3)]);
  await writeLines(folder, `${name}/e.jsonl`, texts.slice(40));
  return name;
}

/** Text number i of a source. */
function textOf(name: keyof typeof SOURCES, i: number): string {
  const place = NAMES.indexOf(name);
  return `${SOURCES[name][2]} number ${i} ${uniqueWords(1000 * place + i, 20).join(" ")}`;
}

/** Settings of the judge in the recipe; by default the one of the folder. */
export type JudgeSettings = { readonly address: string; readonly model: string };

/** Writes sources and recipe into a folder. @returns the recipe's path. */
export async function writeSmallData(folder: string, server?: JudgeSettings): Promise<string> {
  const sources: string[] = [];
  for (const name of NAMES) {
    const [domain, count] = SOURCES[name];
    const texts = Array.from({ length: count }, (_, i) => textOf(name, i));
    const reader = name === "essays"
      ? { kind: "directory", path: await writeFolder(folder, name, texts) }
      : { kind: "jsonl", path: await writeLines(folder, `${name}.jsonl`, texts) };
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
    curation: { topShare: 0.3, judge: { tokenizer: TOKENIZER, ...server ?? { address: judge } } },
  });
  return recipe;
}

/** The run of a recipe in a folder of its own. */
export async function smallRun(
  recipe: string,
  root: string,
  changes: readonly string[] = [],
  torch?: Trainer,
): Promise<Run> {
  const { signal } = new AbortController();
  const settings = { root, restart: false, signal };
  return await Run.open("small", await loadRecipe(recipe, changes), settings, torch);
}
