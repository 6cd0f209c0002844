import assert from "node:assert/strict";
import { join } from "node:path";
import type { TrainBackend } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { InterruptedError, RunError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { trainingFlopsPerToken } from "../../lib/model/flops.ts";
import { initialise } from "../../lib/model/initialise.ts";
import type { BatchSource } from "../../lib/shards/batch.ts";
import { CHECKPOINTS_FOLDER, METRICS_FILE, train, type TrainingRun } from "../../lib/train/loop.ts";
import type { Metrics } from "../../lib/train/metrics.ts";
import { readMetrics } from "../../lib/train/metrics_log.ts";

const config: ModelConfig = {
  type: "llama4_text",
  vocabularySize: 11,
  width: 8,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 4,
  feedForwardWidth: 12,
  ropeTheta: 10000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
  maxPositions: 8,
  initializerRange: 0.1,
};

/** Two sequences that count upwards from a random start. */
function countingBatch(step: number) {
  const random = Random.of(1, "batch", step);
  const tokens = new Uint32Array(12).map((_, i) => (random.below(Math.floor(i / 6), 11) + i % 6) % 11);
  const documents = new Uint32Array(12);
  return { sequences: 2, length: 6, tokens, targets: tokens.map((token) => (token + 1) % 11), documents };
}

const data: BatchSource = {
  steps: 20,
  batch: countingBatch,
  state: (step) => ({ stage: "test", seed: 1, step, fingerprint: {} }),
  checkState: () => {},
};

async function trainingRun(backend: TrainBackend, changes: Partial<TrainingRun> = {}): Promise<TrainingRun> {
  return {
    stage: "test",
    backend,
    data,
    schedule: { peak: 0.02, warmupSteps: 2, totalSteps: 20, decay: "linear", floor: 0.1 },
    optimizer: {
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      decayedKinds: ["linear"],
      maxGradientNorm: 1,
    },
    probes: [{ name: "code", batches: [countingBatch(1000)] }],
    probeEvery: 5,
    initialWeights: initialise(config, 1),
    directory: await Deno.makeTempDir(),
    checkpointEvery: 4,
    fingerprint: "f",
    signal: new AbortController().signal,
    ...changes,
  };
}

/** A metrics line without what a second run may do faster. */
function withoutTiming(entry: Metrics) {
  return entry.kind === "step" ? { ...entry, tokensPerSecond: 0 } : entry;
}

async function metricsOf(run: TrainingRun) {
  return (await readMetrics(join(run.directory, METRICS_FILE))).map(withoutTiming);
}

/** The backend, pulling the plug before its n-th update. */
function failingAt(backend: TrainBackend, step: number, fail: () => void): TrainBackend {
  let updates = 0;
  return new Proxy(backend, {
    get(target, name) {
      if (name === "step" && updates++ === step) fail();
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("train() lowers the loss, scores the probes and writes every step", async () => {
  await using backend = await createTfjsBackend(config);
  const run = await trainingRun(backend);
  await train(run);
  const metrics = await metricsOf(run);
  const losses = metrics.flatMap((entry) => entry.kind === "step" ? [entry.loss] : []);
  assert.equal(losses.length, 20);
  assert.ok((losses.at(-1) ?? 9) < (losses[0] ?? 0) - 0.2, `losses ${losses}`);
  assert.deepEqual(metrics.flatMap((entry) => entry.kind === "probe" ? [entry.step] : []), [
    0,
    5,
    10,
    15,
    20,
  ]);
  assert.equal((await backend.exportState()).step, 20);
});

Deno.test("train() killed anywhere and run again ends with the same bits and the same metrics", async () => {
  await using backend = await createTfjsBackend(config);
  const whole = await trainingRun(backend);
  await train(whole);
  const expected = await backend.exportState(), expectedMetrics = await metricsOf(whole);
  for (const step of [0, 3, 4, 11, 19]) {
    const run = await trainingRun(backend);
    const killed = failingAt(backend, step, () => {
      throw new Error("killed");
    });
    await assert.rejects(train({ ...run, backend: killed }), /killed/);
    await train(run);
    assert.deepEqual(await backend.exportState(), expected);
    assert.deepEqual(await metricsOf(run), expectedMetrics);
  }
});

Deno.test("train() saves on an interruption and goes on from that very step", async () => {
  await using backend = await createTfjsBackend(config);
  const run = await trainingRun(backend, { checkpointEvery: 1000 });
  const controller = new AbortController();
  const interrupted = failingAt(backend, 7, () => controller.abort(new InterruptedError("stop")));
  await assert.rejects(train({ ...run, backend: interrupted, signal: controller.signal }), InterruptedError);
  assert.deepEqual(
    [...Deno.readDirSync(join(run.directory, "checkpoints"))].map(({ name }) => name),
    ["step-00000008.safetensors"],
  );
  await train(run);
  assert.equal((await metricsOf(run)).filter(({ kind }) => kind === "step").length, 20);
});

Deno.test("train() refuses a checkpoint of another fingerprint", async () => {
  await using backend = await createTfjsBackend(config);
  const run = await trainingRun(backend);
  await train(run);
  await assert.rejects(
    train({ ...run, fingerprint: "g" }),
    (error) => error instanceof RunError && /--restart/.test(error.message),
  );
});

Deno.test("train() names the step at which the loss is no number", async () => {
  await using backend = await createTfjsBackend(config);
  const run = await trainingRun(backend, { initialWeights: initialise(config, 1).fill(NaN), probes: [] });
  await assert.rejects(
    train(run),
    (error) => error instanceof RunError && /loss NaN.*step 0/.test(error.message),
  );
});

Deno.test("train() keeps checkpoints by its policy, and the same bits with any", async () => {
  await using backend = await createTfjsBackend(config);
  const plain = await trainingRun(backend),
    kept = await trainingRun(backend, {
      checkpointEvery: 2,
      checkpoints: { newest: 1, multiplesOf: 6 },
    });
  await train(plain);
  const expected = await backend.exportState();
  await train(kept);
  assert.deepEqual(await backend.exportState(), expected);
  assert.deepEqual(
    [...Deno.readDirSync(join(kept.directory, CHECKPOINTS_FOLDER))].map(({ name }) => name).sort(),
    [6, 12, 18, 20].map((step) => `step-${String(step).padStart(8, "0")}.safetensors`),
  );
});

Deno.test("train() says which share of a known card's peak it reaches, and nothing of an unknown one", async () => {
  await using backend = await createTfjsBackend(config);
  const steps = async (own: TrainBackend) => {
    const run = await trainingRun(own, { probes: [] });
    await train(run);
    return (await readMetrics(join(run.directory, METRICS_FILE))).filter((entry) => entry.kind === "step");
  };
  assert.ok((await steps(backend)).every((entry) => !("utilisation" in entry)));
  const card = new Proxy(backend, {
    get(target, name) {
      const value = name === "description"
        ? "webgpu, NVIDIA T4 through Dawn, f32"
        : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  for (const { utilisation, tokensPerSecond } of await steps(card)) {
    assert.equal(utilisation, tokensPerSecond * trainingFlopsPerToken(config, 6) / 8.1e12);
  }
});
