import assert from "node:assert/strict";
import fc from "fast-check";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { parameterCount } from "../../lib/model/config.ts";
import { microBatches } from "../../lib/train/micro_batches.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

/** Ids that count upwards, masked and taught in a pattern. */
function countingBatch(sequences: number, length: number): TokenBatch {
  const positions = sequences * length;
  return {
    sequences,
    length,
    tokens: Uint32Array.from({ length: positions }, (_, i) => i % 7),
    targets: Uint32Array.from({ length: positions }, (_, i) => (i + 1) % 7),
    weights: Float32Array.from({ length: positions }, (_, i) => i % 3),
    documents: new Uint32Array(positions),
    teacher: {
      logits: Float32Array.from({ length: 2 * positions }, (_, i) => i % 5),
      ids: Uint32Array.from({ length: 2 * positions }, (_, i) => i % 2 === 0 ? 1 : 3),
      temperature: 1,
      direction: "forward",
      crossEntropyShare: 0.5,
    },
  };
}

Deno.test("microBatches() parts hold every position once, in order", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 10 }),
    (sequences, length, most) => {
      const batch = countingBatch(sequences, length);
      const parts = microBatches(batch, most);
      assert.ok(parts.every((part) => part.sequences <= most && part.length === length));
      for (const name of ["tokens", "targets", "weights", "documents"] as const) {
        assert.deepEqual(parts.flatMap((part) => [...part[name] ?? []]), [...batch[name] ?? []]);
      }
      for (const name of ["logits", "ids"] as const) {
        assert.deepEqual(
          parts.flatMap((part) => [...part.teacher?.[name] ?? []]),
          [...batch.teacher?.[name] ?? []],
        );
      }
    },
  ));
});

Deno.test("microBatches() null is the batch itself", () => {
  const batch = countingBatch(3, 2);
  assert.deepEqual(microBatches(batch, null), [batch]);
});

Deno.test("microBatches() a batch in parts has the whole batch's loss and gradient, masks and teacher included", async () => {
  const config = SMALL_MODEL;
  await using backend = await createTfjsBackend(config);
  await backend.importState({
    step: 0,
    weights: initialise(config, 3),
    firstMoment: new Float32Array(parameterCount(config)),
    secondMoment: new Float32Array(parameterCount(config)),
  });
  const batch = countingBatch(5, 4);
  const whole = await backend.gradient([batch]);
  const parts = await backend.gradient(microBatches(batch, 2));
  assert.ok(Math.abs(whole.loss - parts.loss) < 1e-6);
  whole.gradient.forEach((value, i) => assert.ok(Math.abs(value - (parts.gradient[i] as number)) < 1e-6));
});
