import assert from "node:assert/strict";
import { join } from "node:path";
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import type { DecodeBackend } from "../../../lib/backends/decode.ts";
import { openDecoder } from "../../../lib/backends/open_decoder.ts";
import { createWasmBackend } from "../../../lib/backends/wasm.ts";
import { InterruptedError, UsageError } from "../../../lib/core/errors.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import {
  GRPO_METRICS_FILE,
  GRPO_SAMPLES_FILE,
  type GrpoMetrics,
  type GrpoRun,
  trainWithGrpo,
} from "../../../lib/train/grpo/grpo.ts";
import { readSteps } from "../../../lib/train/grpo/step_log.ts";
import { config } from "./policy.ts";

const PROMPTS = [1, 2, 3, 4].map((token) => ({ tokens: Uint32Array.of(10, token), gold: String(token + 4) }));

/** Answer a number with the one four further on. */
async function grpoRun(backend: TrainBackend, policy: DecodeBackend): Promise<GrpoRun> {
  return {
    name: "test",
    backend,
    policy,
    initialWeights: initialise(config, 1),
    prompts: PROMPTS,
    heldOut: PROMPTS.slice(0, 2),
    asking: {
      stopToken: 0,
      maxNewTokens: 2,
      decode: (tokens) => tokens.join(" "),
      reward: (text, gold) => text.split(" ")[0] === gold ? 1 : 0,
    },
    settings: {
      seed: 1,
      schedule: { peak: 0.015, warmupSteps: 1, totalSteps: 60, decay: "linear", floor: 0.1 },
      optimizer: {
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
        weightDecay: 0,
        decayedKinds: [],
        maxGradientNorm: 1,
      },
      promptsPerStep: 4,
      generationsPerPrompt: 16,
      temperature: 1,
      advantage: "standard deviation",
      updatesPerStep: 1,
      clip: 0.2,
      sequencesPerBatch: 32,
      evaluateEvery: 20,
      checkpointEvery: 5,
    },
    directory: await Deno.makeTempDir(),
    fingerprint: "f",
    signal: new AbortController().signal,
  };
}

/** A decoder whose weights are not those that train. */
async function openPolicy(): Promise<DecodeBackend> {
  const weights = initialise(config, 2);
  return await openDecoder("wasm", { config, weights }, { slots: 16, capacity: 8, workers: 1 });
}

async function metricsOf({ directory }: GrpoRun): Promise<GrpoMetrics[]> {
  const metrics = await readSteps<GrpoMetrics>(join(directory, GRPO_METRICS_FILE));
  return metrics.map((entry) => entry.kind === "step" ? { ...entry, seconds: 0 } : entry);
}

for (const updatesPerStep of [1, 2]) {
  Deno.test(`trainWithGrpo() learns what is rewarded, with ${updatesPerStep} updates a step`, async () => {
    await using backend = await createWasmBackend(config, { workers: 1 });
    await using policy = await openPolicy();
    const run = await grpoRun(backend, policy);
    await trainWithGrpo({ ...run, settings: { ...run.settings, updatesPerStep } });
    const metrics = await metricsOf(run);
    const accuracies = metrics.flatMap((entry) => entry.kind === "held out" ? [entry.accuracy] : []);
    assert.equal(accuracies.length, 4);
    assert.equal(accuracies.at(-1), 1);
    const rewards = metrics.flatMap((entry) => entry.kind === "step" ? [entry.reward] : []);
    assert.equal(rewards.length, 60);
    assert.ok(
      (rewards[0] ?? NaN) < 0.3 && (rewards.at(-1) ?? NaN) > 0.9,
      `from ${rewards[0]} to ${rewards.at(-1)}`,
    );
    assert.equal((await readSteps(join(run.directory, GRPO_SAMPLES_FILE))).length, 60);
  });
}

Deno.test("trainWithGrpo() goes on after an interruption with the same bits", async () => {
  await using backend = await createWasmBackend(config, { workers: 1 });
  await using policy = await openPolicy();
  const short = await grpoRun(backend, policy);
  const settings = { ...short.settings, schedule: { ...short.settings.schedule, totalSteps: 7 } };
  await trainWithGrpo({ ...short, settings });
  const { weights } = await backend.exportState();

  const controller = new AbortController();
  await using other = await openPolicy();
  const again = { ...await grpoRun(backend, other), settings };
  let answers = 0;
  const reward = (text: string, gold: string) => {
    if (++answers === 3 * 64 + 10) controller.abort(new InterruptedError("stop"));
    return again.asking.reward(text, gold);
  };
  await assert.rejects(
    trainWithGrpo({ ...again, asking: { ...again.asking, reward }, signal: controller.signal }),
    InterruptedError,
  );
  const saved = await Array.fromAsync(Deno.readDir(join(again.directory, "checkpoints")));
  assert.deepEqual(saved.map(({ name }) => name), ["step-00000003.safetensors"]);
  await trainWithGrpo(again);
  assert.deepEqual((await backend.exportState()).weights, weights);
  assert.deepEqual(await metricsOf(again), await metricsOf(short));
});

Deno.test("trainWithGrpo() refuses groups of one", async () => {
  await using backend = await createWasmBackend(config, { workers: 1 });
  await using policy = await openPolicy();
  const run = await grpoRun(backend, policy);
  await assert.rejects(
    trainWithGrpo({ ...run, settings: { ...run.settings, generationsPerPrompt: 1 } }),
    new UsageError("test: generationsPerPrompt is 1, expected a whole number from 2."),
  );
});
