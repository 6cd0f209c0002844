/** A packed conversation is computed as if it stood alone. */
import assert from "node:assert/strict";
import type { StepResult, TrainBackend } from "../../lib/backends/backend.ts";
import { openBackend } from "../../lib/backends/open.ts";
import { Random } from "../../lib/core/random.ts";
import { packConversations } from "../../lib/shards/conversations.ts";
import type { Conversation } from "../../lib/shards/conversation_set.ts";
import { SMALL_MODEL, start, UPDATE } from "../backends/small_model.ts";

const LENGTH = 48;
const random = Random.of(1, "packed loss");

/** Conversations of 5 to 30 random tokens, the later part of each the assistant's. */
const conversations = Array.from({ length: 24 }, (_, i): Conversation => {
  const size = 5 + random.below(1000 * i, 26), answer = 1 + random.below(1000 * i + 1, size - 2);
  return {
    tokens: Uint32Array.from(
      { length: size },
      (_, at) => random.below(1000 * i + 2 + at, SMALL_MODEL.vocabularySize),
    ),
    assistant: Uint8Array.from({ length: size }, (_, at) => at >= size - answer ? 1 : 0),
  };
});

/** Everything in one batch. */
function batch(packing: "best fit" | "none") {
  const packed = packConversations(conversations, LENGTH, {
    ...{ seed: 1, stage: "sft", sequencesPerBatch: conversations.length, epochs: 1, longer: "cut" },
    packing,
  });
  return { ...packed.batch(0), sequences: packed.sequences };
}

/** Mean loss of the assistant's tokens, from `evaluate`. */
async function loss(backend: TrainBackend, packing: "best fit" | "none"): Promise<number> {
  const { negativeLogLikelihood, weight } = await backend.evaluate(batch(packing));
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
  return sum(negativeLogLikelihood) / sum(weight);
}

for (const name of ["wasm", "tfjs"] as const) {
  Deno.test(`the loss of a packed batch on ${name} equals that of its conversations alone`, async () => {
    assert.ok(batch("best fit").sequences < 0.6 * batch("none").sequences);
    await using backend = await openBackend(name, SMALL_MODEL, { blas: "off" });
    await start(backend);
    const [packed, alone] = [await loss(backend, "best fit"), await loss(backend, "none")];
    assert.ok(Math.abs(packed - alone) < 1e-6, `${packed} packed, ${alone} alone`);
  });

  Deno.test(`an update from a packed batch on ${name} is that of its conversations alone`, async () => {
    const after: (StepResult & { weights: Float32Array })[] = [];
    for (const packing of ["best fit", "none"] as const) {
      await using backend = await openBackend(name, SMALL_MODEL, { blas: "off" });
      await start(backend);
      const { gradient } = await backend.gradient([batch(packing)]);
      after.push({ ...await backend.step([batch(packing)], UPDATE), weights: gradient });
    }
    const [packed, alone] = after;
    assert.ok(packed !== undefined && alone !== undefined);
    assert.ok(Math.abs(packed.loss - alone.loss) < 1e-6);
    assert.equal(packed.tokens, alone.tokens);
    assert.ok(Math.abs(packed.gradientNorm / alone.gradientNorm - 1) < 1e-5);
    const scale = alone.weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = alone.weights.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (packed.weights[i] ?? NaN))),
      0,
    );
    assert.ok(difference < 1e-5 * scale, `${difference} of ${scale}`);
  });
}
