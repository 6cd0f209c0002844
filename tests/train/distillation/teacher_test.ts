import assert from "node:assert/strict";
import type { TokenBatch } from "../../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../../lib/backends/tfjs.ts";
import { createWasmBackend } from "../../../lib/backends/wasm.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { openModelTeacher } from "../../../lib/train/distillation/model_teacher.ts";
import { DISTILLATION, learnFrom } from "../../../lib/train/distillation/teacher.ts";
import { train } from "../../../lib/train/loop.ts";
import { SMALL_MODEL, start, UPDATE } from "../../backends/small_model.ts";
import { inDirectory } from "../../core/temporary.ts";
import { batchOf, countingTeacher, dataOf, SIGNAL, writeModel } from "./teachers.ts";

Deno.test("learnFrom() refuses settings out of range, and the reverse direction without all logits", () => {
  const refused = (settings: Partial<typeof DISTILLATION>, message: RegExp) =>
    assert.throws(
      () => learnFrom(countingTeacher(4), { ...DISTILLATION, ...settings }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refused({ direction: "reverse" }, /needs all logits.*topK is 4/);
  refused({ temperature: 0 }, /temperature is 0/);
  refused({ crossEntropyShare: 1.1 }, /crossEntropyShare is 1\.1/);
  learnFrom(countingTeacher(null), { ...DISTILLATION, direction: "reverse" });
});

Deno.test("openModelTeacher() gives the model's logits; its topK are the largest of them", () =>
  inDirectory(async (directory) => {
    const weights = await writeModel(directory);
    const settings = {
      backend: "wasm",
      blas: "off",
      workers: 1,
      vocabularySize: SMALL_MODEL.vocabularySize,
    } as const;
    const batch = batchOf(1);
    await using all = await openModelTeacher(directory, { ...settings, topK: null });
    await using three = await openModelTeacher(directory, { ...settings, topK: 3 });
    await using oracle = await start(await createTfjsBackend(SMALL_MODEL), weights);
    const full = (await all.logits(batch, 0, SIGNAL)).logits;
    (await oracle.logits(batch)).forEach((logit, i) =>
      assert.ok(Math.abs(logit - (full[i] as number)) < 1e-4)
    );
    const { logits, ids } = await three.logits(batch, 0, SIGNAL);
    for (let row = 0; row < 12; row++) {
      const own = full.subarray(row * 37, (row + 1) * 37);
      const largest = [...own].sort((a, b) => b - a).slice(0, 3);
      assert.deepEqual([...logits.subarray(row * 3, row * 3 + 3)], largest);
      assert.deepEqual([...(ids?.subarray(row * 3, row * 3 + 3) ?? [])].map((id) => own[id]), largest);
    }
    assert.equal(all.name, three.name);
  }));

Deno.test("openModelTeacher() refuses another vocabulary in one sentence", () =>
  inDirectory(async (directory) => {
    await writeModel(directory, { vocabularySize: 40 });
    await assert.rejects(
      openModelTeacher(directory, { backend: "wasm", blas: "off", vocabularySize: 37, topK: null }),
      (error) =>
        error instanceof UsageError &&
        /has a vocabulary of 40 tokens, the student one of 37/.test(error.message),
    );
  }));

Deno.test("a model that teaches itself has nothing to learn: KL and gradient are 0, top-k or not", () =>
  inDirectory(async (directory) => {
    const weights = await writeModel(directory);
    for (const topK of [null, SMALL_MODEL.vocabularySize]) {
      await using teacher = await openModelTeacher(directory, {
        ...{ backend: "wasm", blas: "off", workers: 1, vocabularySize: 37 } as const,
        topK,
      });
      await using student = await start(await createWasmBackend(SMALL_MODEL, { workers: 1 }), weights);
      const batch = await learnFrom(teacher, DISTILLATION)(batchOf(2), 0, SIGNAL);
      const { loss, gradient } = await student.gradient([batch]);
      assert.ok(Math.abs(loss) < 1e-5, `loss ${loss}`);
      assert.ok(gradient.every((g) => Math.abs(g) < 1e-5));
    }
  }));

Deno.test("train() with a teacher brings the student's logits to the teacher's", () =>
  inDirectory(async (directory) => {
    await writeModel(`${directory}/teacher`);
    await using teacher = await openModelTeacher(`${directory}/teacher`, {
      ...{ backend: "wasm", blas: "off", workers: 1, vocabularySize: 37, topK: null } as const,
    });
    await using backend = await createWasmBackend(SMALL_MODEL, { workers: 1 });
    const prepare = learnFrom(teacher, DISTILLATION);
    const divergence = async () =>
      (await backend.gradient([await prepare(batchOf(999), 0, SIGNAL) as TokenBatch])).loss;
    const initialWeights = initialise(SMALL_MODEL, 3);
    await start(backend, initialWeights);
    const before = await divergence();
    await train({
      stage: "test",
      backend,
      data: dataOf(1),
      prepare,
      schedule: { peak: 0.02, warmupSteps: 2, totalSteps: 20, decay: "linear", floor: 0 },
      optimizer: UPDATE,
      probes: [],
      probeEvery: 20,
      initialWeights,
      directory,
      checkpointEvery: 50,
      fingerprint: "f",
      signal: SIGNAL,
    });
    const after = await divergence();
    assert.ok(after < 0.8 * before, `KL ${before} → ${after}`);
  }));
