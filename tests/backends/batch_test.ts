import assert from "node:assert/strict";
import { checkBatch, countTargets, totalWeight } from "../../lib/backends/batch.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { randomBatch, SMALL_MODEL } from "./small_model.ts";

const BATCH = randomBatch(1, 2, 3);
const TEACHER = {
  logits: new Float32Array(6 * 2),
  ids: new Uint32Array(6 * 2),
  temperature: 1,
  direction: "forward",
  crossEntropyShare: 0.5,
} as const;

Deno.test("checkBatch() accepts what fits", () => {
  checkBatch(SMALL_MODEL, BATCH);
  checkBatch(SMALL_MODEL, { ...BATCH, teacher: TEACHER, documents: new Uint32Array(6) });
  checkBatch(SMALL_MODEL, { sequences: 1, length: 1, tokens: Uint32Array.of(36) });
});

Deno.test("checkBatch() names what does not fit", async (t) => {
  const cases: Record<string, [Partial<Parameters<typeof checkBatch>[1]>, RegExp]> = {
    shape: [{ length: 0 }, /shape is 2 × 0/],
    tokens: [{ tokens: new Uint32Array(5) }, /tokens has 5 entries, expected 2 × 3 = 6/],
    normaliser: [{ normaliser: 0 }, /its normaliser is 0, expected a number above 0/],
    weights: [{ weights: new Float32Array(7) }, /weights has 7 entries/],
    documents: [{ documents: new Uint32Array(1) }, /documents has 1 entries/],
    vocabulary: [
      { targets: Uint32Array.of(0, 0, 37, 0, 0, 0) },
      /targets\[2\] is 37, outside the vocabulary of 37/,
    ],
    "teacher's logits": [{ teacher: { ...TEACHER, logits: new Float32Array(13) } }, /13 logits and 12 ids/],
    "teacher's ids": [
      { teacher: { ...TEACHER, ids: new Uint32Array(12).fill(99) } },
      /teacher.ids\[0\] is 99/,
    ],
    direction: [{ teacher: { ...TEACHER, direction: "reverse" } }, /needs the teacher's full logits/],
    temperature: [{ teacher: { ...TEACHER, temperature: 0 } }, /temperature is 0/],
    share: [{ teacher: { ...TEACHER, crossEntropyShare: 1.5 } }, /crossEntropyShare is 1.5/],
  };
  for (const [name, [change, message]] of Object.entries(cases)) {
    await t.step(name, () => {
      assert.throws(
        () => checkBatch(SMALL_MODEL, { ...BATCH, ...change }),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }
});

Deno.test("totalWeight() is the normaliser, else the sum of weights, else the number of targets", () => {
  const weights = Float32Array.of(1, -1, 0.5, 0, 0, 0);
  assert.equal(totalWeight({ ...BATCH, weights, normaliser: 4 }), 4);
  assert.equal(totalWeight({ ...BATCH, weights }), 0.5);
  const { weights: _, ...unweighted } = BATCH;
  assert.equal(totalWeight(unweighted), 6);
  assert.equal(countTargets({ ...BATCH, weights }), 3);
});
