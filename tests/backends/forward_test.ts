/** Models to ask: the same numbers as those that could be trained, without their memory. */
import assert from "node:assert/strict";
import { modelMemory } from "../../kernels/wasm/memory/model.ts";
import type { ForwardBackend, TrainBackend } from "../../lib/backends/backend.ts";
import { openForward } from "../../lib/backends/open.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createWasmBackend, createWasmForward } from "../../lib/backends/wasm.ts";
import { createWebgpuBackend } from "../../lib/backends/webgpu.ts";
import { createWebgpuForward } from "../../lib/backends/webgpu_forward.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { MODEL_SIZES, parameterCount } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { randomBatch, SMALL_MODEL, start } from "./small_model.ts";

const GPU = { provider: "deno", tier: "f32" } as const;

const ENGINES: Record<string, () => Promise<[ForwardBackend, TrainBackend]>> = {
  wasm: async () => [
    await createWasmForward(SMALL_MODEL, initialise(SMALL_MODEL, 1), { workers: 2 }),
    await createWasmBackend(SMALL_MODEL, { workers: 2 }),
  ],
  webgpu: async () => [
    await createWebgpuForward(SMALL_MODEL, initialise(SMALL_MODEL, 1), GPU),
    await createWebgpuBackend(SMALL_MODEL, GPU),
  ],
  tfjs: async () => [
    await openForward("tfjs", SMALL_MODEL, initialise(SMALL_MODEL, 1), { blas: "off" }),
    await createTfjsBackend(SMALL_MODEL),
  ],
};

for (const [name, open] of Object.entries(ENGINES)) {
  Deno.test(`${name}: a model to ask says what the one that can be trained says, to the bit`, async () => {
    const [forward, training] = await open();
    await using asked = forward;
    await using trained = await start(training);
    const batch = randomBatch(1, 3, 21);
    assert.deepEqual(await asked.evaluate(batch), await trained.evaluate(batch));
    for (const positions of ["all", "last"] as const) {
      assert.deepEqual(await asked.logits(batch, positions), await trained.logits(batch, positions));
    }
  });
}

Deno.test("createWasmForward() takes twice the weights, a third of what training does", () => {
  const config = MODEL_SIZES["140m"];
  const bytes = 4 * parameterCount(config);
  const forward = modelMemory({ ...config, purpose: "forward" }).end, training = modelMemory(config).end;
  assert.ok(forward > 2 * bytes && forward < 2.02 * bytes, `${forward / bytes}`);
  assert.ok(training > 5.9 * bytes, `${training / bytes}`);
});

Deno.test("createWasmForward() refuses another number of weights", async () => {
  await assert.rejects(createWasmForward(SMALL_MODEL, new Float32Array(3), { workers: 1 }), UsageError);
});
