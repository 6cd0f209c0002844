import assert from "node:assert/strict";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { tf } from "../../lib/model/tensorflow.ts";
import { randomBatch, SMALL_MODEL, start, UPDATE } from "./small_model.ts";

async function smallBackend() {
  return await start(await createTfjsBackend(SMALL_MODEL));
}

Deno.test("createTfjsBackend() starts with zero weights and refuses an impossible config", async () => {
  const state = await (await createTfjsBackend(SMALL_MODEL)).exportState();
  assert.ok(state.weights.every((w) => w === 0));
  await assert.rejects(createTfjsBackend({ ...SMALL_MODEL, keyValueHeads: 3 }), /keyValueHeads is 3/);
});

Deno.test("tfjs: no call leaves a tensor behind", async () => {
  const backend = await smallBackend();
  const batch = randomBatch(1, 2, 6);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) {
    await backend.step([batch, batch], UPDATE);
    await backend.evaluate(batch);
    await backend.logits(batch, "last");
    assert.equal(tf.memory().numTensors, before);
  }
});

Deno.test("tfjs: step() lowers the loss of a repeated batch", async () => {
  const backend = await smallBackend();
  const batch = randomBatch(1, 2, 6);
  const losses = [];
  for (let i = 0; i < 30; i++) losses.push((await backend.step([batch], UPDATE)).loss);
  assert.ok((losses.at(-1) ?? NaN) < 0.5 * (losses[0] ?? NaN), losses.join(" "));
});

Deno.test("tfjs: splitting a batch into micro-batches changes nothing but rounding", async () => {
  const backend = await smallBackend();
  const whole = randomBatch(2, 4, 5);
  const parts = [[0, 1], [1, 4]].map(([from = 0, to = 0]) => {
    const cut = <T extends Uint32Array | Float32Array>(array: T) => array.subarray(from * 5, to * 5) as T;
    return {
      sequences: to - from,
      length: 5,
      tokens: cut(whole.tokens),
      targets: cut(whole.targets),
      weights: cut(whole.weights),
    };
  });
  const [a, b] = [await backend.gradient([whole]), await backend.gradient(parts)];
  assert.ok(Math.abs(a.loss - b.loss) < 1e-6);
  const difference = Math.hypot(...a.gradient.map((g, i) => g - (b.gradient[i] ?? NaN)));
  assert.ok(difference < 1e-6 * Math.hypot(...a.gradient), `${difference}`);
});

Deno.test("tfjs: packed documents lose what they lose apart", async () => {
  const backend = await smallBackend();
  const apart = randomBatch(3, 2, 5);
  const packed = {
    ...apart,
    sequences: 1,
    length: 10,
    documents: Uint32Array.of(7, 7, 7, 7, 7, 2, 2, 2, 2, 2),
  };
  const [a, b] = [await backend.gradient([apart]), await backend.gradient([packed])];
  assert.ok(Math.abs(a.loss - b.loss) < 1e-6, `${a.loss} ${b.loss}`);
  const difference = Math.hypot(...a.gradient.map((g, i) => g - (b.gradient[i] ?? NaN)));
  assert.ok(difference < 1e-5 * Math.hypot(...a.gradient), `${difference}`);
});

Deno.test("tfjs: evaluate() gives each sequence's own sum and ignores a teacher", async () => {
  const backend = await smallBackend();
  const batch = randomBatch(4, 2, 6);
  const teacher = {
    logits: new Float32Array(12 * SMALL_MODEL.vocabularySize),
    temperature: 1,
    direction: "forward",
    crossEntropyShare: 0,
  } as const;
  const both = await backend.evaluate({ ...batch, teacher });
  const first = await backend.evaluate({
    sequences: 1,
    length: 6,
    tokens: batch.tokens.subarray(0, 6),
    targets: batch.targets.subarray(0, 6),
    weights: batch.weights.subarray(0, 6),
  });
  assert.equal(both.negativeLogLikelihood.length, 2);
  assert.equal(both.negativeLogLikelihood[0], first.negativeLogLikelihood[0]);
  assert.equal(both.weight[0], first.weight[0]);
  const total = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
  const { loss } = await backend.gradient([batch]);
  assert.ok(Math.abs(total(both.negativeLogLikelihood) / total(both.weight) - loss) < 1e-6);
});

Deno.test("tfjs: a step without a finite loss changes nothing and says so", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  weights[weights.length - 1] = NaN;
  const backend = await start(await createTfjsBackend(SMALL_MODEL), weights);
  const before = await backend.exportState();
  const result = await backend.step([randomBatch(5, 1, 4)], UPDATE);
  assert.ok(Number.isNaN(result.loss));
  assert.deepEqual(await backend.exportState(), before);
});

Deno.test("tfjs: the state that goes out and in again goes on as if nothing had happened", async () => {
  const [one, other] = [await smallBackend(), await createTfjsBackend(SMALL_MODEL)];
  await one.step([randomBatch(6, 1, 4)], UPDATE);
  await other.importState(await one.exportState());
  const next = randomBatch(7, 1, 4);
  assert.deepEqual(await one.step([next], UPDATE), await other.step([next], UPDATE));
  assert.deepEqual(await one.exportState(), await other.exportState());
});

Deno.test("tfjs: step() counts the targets that weigh something", async () => {
  const backend = await smallBackend();
  const batch = { ...randomBatch(8, 1, 4), weights: Float32Array.of(0, 1, 0.5, 0) };
  assert.equal((await backend.step([batch, randomBatch(9, 1, 4)], UPDATE)).tokens, 6);
});

Deno.test("tfjs: importState() refuses a state of another model", async () => {
  const backend = await createTfjsBackend(SMALL_MODEL);
  const state = await backend.exportState();
  await assert.rejects(
    backend.importState({ ...state, firstMoment: new Float32Array(3) }),
    /firstMoment has 3 entries, expected \d+ parameters/,
  );
});
