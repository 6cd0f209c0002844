/**
 * A run whose training stages take seconds each, on real text: what is killed again and again.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../core/artefacts.ts";
import { mixtureFileOf, uniformMixture } from "../../core/mixture.ts";
import { loadRecipe } from "../recipe.ts";

const SOURCES = ["stdlib-code", "freecodecamp-problems", "moby-dick"];

const TOKENIZER = "llama3-2048";

/** Short sequences, and a checkpoint every few updates, so that kills fall between, into and after them. */
const SMALL = { sequences: 4, length: 64, probeEvery: 25, checkpointEvery: 5 };

/** Longer ones for conversations. */
const SFT = { ...SMALL, length: 512, epochs: 1 };

/** How it differs from the demo. */
const RECIPE = {
  extends: "demo",
  description: "A run that is killed at random moments",
  sources: SOURCES,
  tokenizer: TOKENIZER,
  probeTokens: 1024,
  model: { width: 32, layers: 1, keyValueHeads: 1, headSize: 16, feedForwardWidth: 64 },
  curation: { judgedPerSource: 20, documentsPerSource: 8, judge: { steps: 150 } },
  pretrain1: { ...SMALL, steps: 100, mixture: "./mixture.json" },
  pretrain2: { ...SMALL, steps: 60, mixture: "./mixture.json" },
  midtrain: {
    ...{ ...SMALL, steps: 60, rankMeRows: 32 },
    // A batch a document: many places where scoring can be taken up.
    compression: { documentsPerSource: 20, length: 128, sequences: 1, original: false },
  },
  sft: SFT,
};

/** Its flags, for the tasks that train. */
export const SMALL_RUN_FLAGS: readonly string[] = ["--recipe", "./recipe.json", "--run", "small"];

/** Where its stages are, in the folder. */
export const SMALL_RUN = join("runs", "small");

/** Writes recipe and mixture. The demo has no stage of reasoning; here it is the general one's over a longer context. */
export async function writeSmallRun(folder: string): Promise<void> {
  const { sft } = await loadRecipe("demo", []);
  const reasoning = { ...sft, ...SFT, ropeThetaFactor: 8 };
  await writeJson(join(folder, "mixture.json"), mixtureFileOf(uniformMixture(SOURCES, TOKENIZER)));
  await writeJson(join(folder, "recipe.json"), { ...RECIPE, reasoning });
}
