import assert from "node:assert/strict";
import { join } from "node:path";
import type { TrainBackend } from "../../lib/backends/backend.ts";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { evenlySpaced, type ProxyRun, trainProxy } from "../../lib/mixture/proxy.ts";
import { loadModel } from "../../lib/model/checkpoint.ts";
import type { Batch, BatchSource } from "../../lib/shards/batch.ts";
import { SMALL_MODEL, UPDATE } from "../backends/small_model.ts";
import { inDirectory } from "../core/temporary.ts";

const STEPS = 7;

/** Eight tokens a step that follow each other. */
function batch(step: number): Batch {
  const tokens = Uint32Array.from({ length: 8 }, (_, i) => (step + i) % SMALL_MODEL.vocabularySize);
  return {
    sequences: 1,
    length: 8,
    tokens,
    targets: tokens.map((token) => (token + 1) % SMALL_MODEL.vocabularySize),
    documents: new Uint32Array(8),
  };
}

const data: BatchSource = {
  steps: STEPS,
  batch,
  state: (step) => ({ stage: "proxy", seed: 1, step, fingerprint: {} }),
  checkState: () => {},
};

function run(directory: string, signal = new AbortController().signal): ProxyRun {
  return {
    name: "a",
    seed: 1,
    training: {
      config: SMALL_MODEL,
      schedule: { peak: 1e-2, warmupSteps: 2, totalSteps: STEPS, decay: "linear", floor: 0 },
      optimizer: UPDATE,
      checkpointEvery: 2,
    },
    data,
    probes: [{ name: "next", batches: [batch(3)] }],
    probePoints: 2,
    keptModels: 3,
    directory,
    fingerprint: "test",
    signal,
  };
}

/** Counts the updates, and interrupts before one. */
function counting(backend: TrainBackend, interrupt: { at: number; controller: AbortController } | null) {
  let steps = 0;
  const counted = new Proxy(backend, {
    get(target, key) {
      if (key === "step") {
        return async (...parameters: Parameters<TrainBackend["step"]>) => {
          const result = await target.step(...parameters);
          if (++steps === interrupt?.at) interrupt.controller.abort(new Error("enough"));
          return result;
        };
      }
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { backend: counted, steps: () => steps };
}

Deno.test("trainProxy() scores, keeps evenly spaced models, and reads what is finished", async () => {
  await inDirectory(async (directory) => {
    await using backend = await createWasmBackend(SMALL_MODEL, { workers: 1 });
    const { losses, models } = await trainProxy(backend, run(directory));
    assert.deepEqual(losses.map(({ step, tokens }) => [step, tokens]), [[0, 0], [4, 32], [7, 56]]);
    assert.ok((losses.at(-1)?.negativeLogLikelihood ?? NaN) < (losses[0]?.negativeLogLikelihood ?? NaN));
    assert.deepEqual(models.map((path) => path.slice(directory.length)), [
      "/models/step-3",
      "/models/step-5",
      "/models/step-7",
    ]);
    const { weights } = await backend.exportState();
    assert.deepEqual((await loadModel(models[2] ?? "")).weights, weights);
    assert.notDeepEqual((await loadModel(models[1] ?? "")).weights, weights);

    const again = counting(backend, null);
    assert.deepEqual(await trainProxy(again.backend, run(directory)), { losses, models });
    assert.equal(again.steps(), 0);
    await assert.rejects(trainProxy(backend, { ...run(directory), seed: 2 }), {
      name: "RunError",
      message: /proxy\.json belongs to a proxy of other settings, data or code/,
    });
  });
});

Deno.test("trainProxy() goes on where it was interrupted, to the same bits", async () => {
  await inDirectory(async (directory) => {
    await using backend = await createWasmBackend(SMALL_MODEL, { workers: 1 });
    const whole = await trainProxy(backend, run(join(directory, "whole")));
    const controller = new AbortController();
    const interrupted = counting(backend, { at: 5, controller });
    const part = join(directory, "part");
    await assert.rejects(trainProxy(interrupted.backend, run(part, controller.signal)), {
      message: "enough",
    });
    const rest = counting(backend, null);
    const { losses, models } = await trainProxy(rest.backend, run(part));
    assert.equal(rest.steps(), STEPS - 5);
    assert.deepEqual(losses, whole.losses);
    for (const [i, path] of models.entries()) {
      assert.deepEqual(await loadModel(path), await loadModel(whole.models[i] ?? ""));
    }
  });
});

Deno.test("evenlySpaced() ends with the last step", () => {
  assert.deepEqual(evenlySpaced(10, 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(evenlySpaced(5, 2), [3, 5]);
  assert.deepEqual(evenlySpaced(5, 0), []);
});
