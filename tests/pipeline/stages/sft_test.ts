import assert from "node:assert/strict";
import { join } from "node:path";
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import { openBackend } from "../../../lib/backends/open.ts";
import { exists } from "../../../lib/core/artefacts.ts";
import { InterruptedError } from "../../../lib/core/errors.ts";
import { loadModel, saveModel } from "../../../lib/model/checkpoint.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { MODEL_SIZES } from "../../../lib/model/config.ts";
import { loadRecipe, type Recipe } from "../../../lib/pipeline/recipe.ts";
import { runStage } from "../../../lib/pipeline/stage.ts";
import { modelConfig, modelPath } from "../../../lib/pipeline/stages/training.ts";
import { longerContext, sftStage } from "../../../lib/pipeline/stages/sft.ts";
import { modelOfStage } from "../../../lib/pipeline/stages/starting_model.ts";
import {
  conversationProbes,
  divideConversations,
  type FineTuning,
} from "../../../lib/pipeline/stages/tuning_data.ts";
import type { Conversation } from "../../../lib/shards/conversation_set.ts";
import {
  packConversations,
  type PackedConversations,
  withLossOnPrompts,
} from "../../../lib/shards/conversations.ts";
import { encodeConversation } from "../../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { meanNegativeLogLikelihood, type Probe } from "../../../lib/train/probe.ts";
import { METRICS_FILE } from "../../../lib/train/loop.ts";
import { readMetrics } from "../../../lib/train/metrics_log.ts";
import { sourceSpec } from "../../../lib/sources/spec.ts";
import { learningRateAt } from "../../../lib/train/schedule.ts";
import { start as begin, UPDATE } from "../../backends/small_model.ts";
import { finished } from "./finished.ts";

const LENGTH = 512;
const recipe = await loadRecipe("demo", ["heldOutShare=0.1"]);

/** Both sides of a stage's conversations. */
async function split(own: Recipe, settings: FineTuning) {
  const all = await Array.fromAsync(divideConversations(own, settings));
  const of = (wanted: string) =>
    all.filter(([side]) => side === wanted).map(([, conversation]) => conversation);
  return { training: of("training"), heldOut: of("held out"), contaminated: of("contaminated").length };
}

Deno.test("longerContext() multiplies RoPE's base and never shortens the context", () => {
  const base = MODEL_SIZES["140m"];
  const reasoning = { ...recipe.sft, ropeThetaFactor: 8, length: 32768 };
  assert.deepEqual(longerContext(base, reasoning), { ...base, ropeTheta: 8e6, maxPositions: 32768 });
  assert.deepEqual(longerContext(base, recipe.sft), base);
});

Deno.test("divideConversations() holds out the same conversations for any order of sources, and no other", async () => {
  const names = ["freecodecamp-solutions", "freecodecamp-problems"];
  const given = await split(recipe, { ...recipe.sft, sources: names });
  const turned = await split(recipe, { ...recipe.sft, sources: names.toReversed() });
  const ids = ({ heldOut }: typeof given) => heldOut.map(({ id }) => id).sort();
  assert.deepEqual(ids(given), ids(turned));
  const { training, heldOut } = given;
  assert.ok(heldOut.length > 0.05 * training.length);
  assert.ok(!training.some(({ id }) => ids(given).includes(id)));
});

Deno.test("divideConversations() keeps all answers to a problem on one side, and benchmarks' items out", async () => {
  const folder = await Deno.makeTempDir();
  const item = { question: "How many legs have three spiders and two ants?", answer: "36" };
  await Deno.writeTextFile(join(folder, "benchmark.jsonl"), JSON.stringify(item));
  const lines = Array.from({ length: 300 }, (_, i) => ({
    problem: i < 2 ? `Riddle: ${item.question.toLowerCase()}` : `${i % 60}?`,
    solution: `${i}`,
  }));
  await Deno.writeTextFile(join(folder, "a.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"));
  const spec = {
    name: "a",
    domain: "math",
    licence: "MIT",
    description: "",
    reader: { kind: "jsonl", path: "a.jsonl" },
  };
  await Deno.writeTextFile(join(folder, "a.json"), JSON.stringify(spec));
  const settings = { ...recipe.sft, sources: [join(folder, "a.json")] };
  const { training, heldOut, contaminated } = await split({
    ...recipe,
    curation: { ...recipe.curation, benchmarks: { spiders: join(folder, "benchmark.jsonl") } },
  }, settings);
  assert.equal(contaminated, 2);
  const problems = (side: typeof training) => new Set(side.map(({ messages }) => messages[0]?.content));
  assert.ok(heldOut.length > 0 && training.length > heldOut.length);
  assert.ok(problems(training).isDisjointFrom(problems(heldOut)));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("conversationProbes() counts each token of a held-out conversation once, as answer or as prompt", () => {
  const conversation = { tokens: Uint32Array.of(1, 2, 3, 4, 5), assistant: Uint8Array.of(0, 0, 0, 1, 1) };
  const unlearnable = { tokens: conversation.tokens, assistant: new Uint8Array(5) };
  const settings = { length: 8, sequences: 2 };
  const probes = conversationProbes([unlearnable, conversation, conversation], settings, 6);
  const targets = probes.map(({ name, batches }) => [
    name,
    ...batches.flatMap(({ targets, weights }) => [...targets].filter((_, i) => weights?.[i] === 1)),
  ]);
  assert.deepEqual(targets, [["answers", 4, 5, 4, 5], ["prompts", 2, 3, 2, 3]]);
  assert.deepEqual(conversationProbes([unlearnable], settings, 6), []);
});

Deno.test("fine-tuning lowers the loss on held-out answers and not on prompts", async () => {
  const tokenizer = await openTokenizer("llama3-1024");
  const { training, heldOut } = await split(recipe, recipe.sft);
  const encode = ({ messages }: typeof training[number]) => encodeConversation(messages, tokenizer);
  const encoded = training.map(encode);
  const pack = (conversations: readonly Conversation[], stage: string) =>
    packConversations(conversations, LENGTH, {
      ...{ seed: 1, stage, sequencesPerBatch: 2, epochs: 1, packing: "best fit", longer: "cut" },
    });
  await using backend = await openBackend("wasm", {
    ...MODEL_SIZES["140m"],
    ...{ vocabularySize: tokenizer.vocabularySize, width: 64, layers: 1, heads: 2, keyValueHeads: 1 },
    ...{ headSize: 32, feedForwardWidth: 128, initializerRange: 0.05 },
  }, { blas: "off" });
  await begin(backend);
  // A model that has read text like the prompts, and no answer.
  await train(backend, pack(encoded.map(withLossOnPrompts), "reading"), 70);
  const probes = conversationProbes(heldOut.map(encode), { length: LENGTH, sequences: 2 }, 8000);
  const before = await losses(backend, probes);
  await train(backend, pack(encoded, "sft"), 40);
  const after = await losses(backend, probes);
  const change = (name: string) => (after.get(name) ?? NaN) - (before.get(name) ?? NaN);
  assert.ok(change("answers") < -0.5, `answers: ${before.get("answers")} to ${after.get("answers")}`);
  assert.ok(change("prompts") > 0, `prompts: ${before.get("prompts")} to ${after.get("prompts")}`);
});

Deno.test("sftStage() tunes in two stages, each from the model before, resumable to the bit", async () => {
  const small = { width: 32, layers: 1, heads: 2, keyValueHeads: 1, headSize: 16, feedForwardWidth: 64 };
  const sft = {
    length: 384,
    sequences: 2,
    epochs: 2,
    probeEvery: 20,
    checkpointEvery: 3,
    learningRate: 1e-3,
  };
  const sets = {
    tokenizer: "llama3-512",
    heldOutShare: 0.1,
    probeTokens: 2000,
    model: { ...recipe.model, ...small },
  };
  const source = {
    ...await sourceSpec("freecodecamp-solutions"),
    name: "few",
    limits: { share: 1, documents: 200 },
  };
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "few.json"), JSON.stringify(source));
  const stage = { ...recipe.sft, ...sft, sources: [join(folder, "few.json")] };
  const own: Recipe = {
    ...recipe,
    ...sets,
    sft: stage,
    reasoning: {
      ...stage,
      length: 512,
      warmupRatio: 0.1,
      ropeThetaFactor: 8,
      packing: "none",
      longer: "leave out",
    },
  };
  const base = await modelConfig(own);
  await saveModel(join(folder, "base", "model"), base, initialise(base, 1));
  const corpus = finished("corpus", folder, { sources: [] });
  const shards = finished("shards", folder, { train: [], probes: [] });
  const text = { corpus, shards };
  const start = { directory: join(folder, "base", "model"), digest: "", imported: null };
  const run = async (root: string, signal = new AbortController().signal) => {
    const settings = { root: join(folder, root), restart: false, signal };
    const general = await runStage(await sftStage(own, { text, start }), settings);
    const inputs = { text, start: modelOfStage(general) };
    return [general, await runStage(await sftStage(own, inputs, "reasoning"), settings)];
  };
  const whole = await run("whole");

  const interrupted = new AbortController();
  const watch = setInterval(async () => {
    const started = await exists(join(folder, "broken", "sft.partial", "checkpoints"));
    if (started) interrupted.abort(new InterruptedError("stopped"));
  }, 5);
  await assert.rejects(run("broken", interrupted.signal), { message: "stopped" })
    .finally(() => clearInterval(watch));
  const resumed = await run("broken");

  assert.deepEqual(
    resumed.map(({ manifest }) => manifest.digest),
    whole.map(({ manifest }) => manifest.digest),
  );
  const [general, reasoning] = whole;
  assert.ok(general !== undefined && reasoning !== undefined);
  assert.deepEqual((await loadModel(modelPath(general))).config, base);
  assert.equal((await loadModel(modelPath(reasoning))).config.ropeTheta, 8 * base.ropeTheta);
  for (const { directory, manifest } of whole) {
    assert.deepEqual(manifest.result.sampling.map(({ source, epochs }) => [source, epochs]), [["few", 2]]);
    const probes = (await readMetrics(join(directory, METRICS_FILE))).filter((entry) =>
      entry.kind === "probe"
    );
    assert.deepEqual(new Set(probes.map(({ probe }) => probe)), new Set(["answers", "prompts"]));
    const answers = probes.filter(({ probe }) => probe === "answers").map((entry) =>
      entry.negativeLogLikelihood
    );
    const change = manifest.result.probes.find(({ probe }) => probe === "answers");
    assert.deepEqual(change, { probe: "answers", before: answers[0], after: answers.at(-1) });
    assert.ok(change !== undefined && change.after < change.before);
  }
  const refuse = async (changed: Partial<Recipe>, name: "sft" | "reasoning", message: RegExp) =>
    await assert.rejects(sftStage({ ...own, ...changed }, { text, start }, name), {
      name: "UsageError",
      message,
    });
  await refuse(
    { reasoning: null },
    "reasoning",
    /^The recipe's reasoning is null, expected a stage's settings\.$/,
  );
  await refuse({ sft: { ...stage, sources: ["nonesuch"] } }, "sft", /"nonesuch" does not exist/);
  await refuse(
    { sft: { ...stage, template: "/nowhere.jinja" } },
    "sft",
    /^\/nowhere\.jinja does not exist\.$/,
  );
  await Deno.remove(folder, { recursive: true });
});

async function train(backend: TrainBackend, data: PackedConversations, steps: number): Promise<void> {
  const schedule = { peak: 5e-3, warmupSteps: 10, totalSteps: steps, decay: "linear", floor: 0 } as const;
  for (let step = 0; step < steps; step++) {
    const update = { ...UPDATE, weightDecay: 0, learningRate: learningRateAt(schedule, step) };
    await backend.step([data.batch(step % data.steps)], update);
  }
}

async function losses(backend: TrainBackend, probes: readonly Probe[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { name, batches } of probes) found.set(name, await meanNegativeLogLikelihood(backend, batches));
  return found;
}
