import assert from "node:assert/strict";
import fc from "fast-check";
import { parameterPlaces } from "../../kernels/wasm/shape.ts";
import { globalNorm } from "../../lib/backends/adamw.ts";
import type { Teacher, TokenBatch, TrainBackend, TrainState } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createWasmBackend, type WasmOptions } from "../../lib/backends/wasm.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import {
  checkModelConfig,
  type ModelConfig,
  parameterCount,
  parameterLayout,
} from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { FUNCTIONS, randomBatch, SMALL_MODEL, start, UPDATE } from "./small_model.ts";

const random = Random.of(7, "wasm");

function normals(from: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => random.uniform(from + i) * 4 - 2);
}

async function wasm(
  config: ModelConfig = SMALL_MODEL,
  options: WasmOptions = { workers: 2 },
): Promise<TrainBackend> {
  return await start(await createWasmBackend(config, options));
}

/** ‖a − b‖ / ‖b‖. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return globalNorm(a.map((value, i) => value - (b[i] ?? NaN))) / globalNorm(b);
}

async function assertSameGradient(
  config: ModelConfig,
  microBatches: readonly TokenBatch[],
  options?: WasmOptions,
) {
  await using ours = await wasm(config, options);
  await using oracle = await start(await createTfjsBackend(config));
  const [a, b] = [await ours.gradient(microBatches), await oracle.gradient(microBatches)];
  assert.ok(Math.abs(a.loss - b.loss) <= 1e-5 * Math.abs(b.loss), `${a.loss}, expected ${b.loss}`);
  const difference = relativeDifference(a.gradient, b.gradient);
  assert.ok(difference < 1e-5, `the gradient is off by ${difference}`);
}

/** A teacher of any kind for `rows` positions. */
function teacherFor(rows: number, kind: "forward" | "reverse" | "top"): Teacher {
  const { vocabularySize } = SMALL_MODEL;
  const settings = { temperature: 1.6, crossEntropyShare: 0.3 };
  if (kind !== "top") return { ...settings, logits: normals(0, rows * vocabularySize), direction: kind };
  return {
    ...settings,
    logits: normals(0, rows * 3),
    ids: Uint32Array.from({ length: rows * 3 }, (_, i) => (5 * i) % vocabularySize),
    direction: "forward",
  };
}

/** With weights in QK-norm. */
const WEIGHTED: ModelConfig = { ...SMALL_MODEL, type: "qwen3", queryKeyNorm: "before rope, weighted" };

Deno.test("parameterPlaces() of the kernels are those of parameterLayout()", () => {
  for (const config of [SMALL_MODEL, { ...SMALL_MODEL, tiedEmbeddings: false }, WEIGHTED]) {
    const offset = (name: string) => parameterLayout(config).find((spec) => spec.name === name)?.offset;
    const places = parameterPlaces(config);
    assert.equal(places.count, parameterCount(config));
    assert.equal(places.embedding, offset("model.embed_tokens.weight"));
    assert.equal(places.finalNorm, offset("model.norm.weight"));
    assert.equal(places.head, offset(config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"));
    const names = {
      queryKeyValue: "self_attn.q_proj",
      output: "self_attn.o_proj",
      gateUp: "feed_forward.gate_proj",
      down: "feed_forward.down_proj",
      attentionNorm: "input_layernorm",
      feedForwardNorm: "post_attention_layernorm",
    } as const;
    places.layers.forEach((layer, i) => {
      for (const [key, name] of Object.entries(names)) {
        assert.equal(layer[key as keyof typeof names], offset(`model.layers.${i}.${name}.weight`));
      }
      assert.equal(layer.headNorms?.query, offset(`model.layers.${i}.self_attn.q_norm.weight`));
      assert.equal(layer.headNorms?.key, offset(`model.layers.${i}.self_attn.k_norm.weight`));
    });
  }
});

Deno.test("wasm: the gradient equals the oracle's for any shape", async () => {
  const shapes = fc.record({
    keyValueHeads: fc.constantFrom(1, 2, 4),
    headSize: fc.constantFrom(4, 8, 12),
    feedForwardWidth: fc.constantFrom(4, 20),
    vocabularySize: fc.integer({ min: 5, max: 70 }),
    layers: fc.integer({ min: 1, max: 2 }),
    chosen: fc.constantFrom(...FUNCTIONS),
    tiedEmbeddings: fc.boolean(),
    sequences: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 50 }),
    documentLength: fc.integer({ min: 1, max: 60 }),
    relaxed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ sequences, length, documentLength, relaxed, chosen, ...shape }) => {
      const config = { ...SMALL_MODEL, ...shape, ...chosen };
      const batch = randomBatch(1, sequences, length);
      const known = (ids: Uint32Array) => ids.map((id) => id % config.vocabularySize);
      const documents = batch.tokens.map((_, i) => Math.floor(i / documentLength));
      const given = { ...batch, tokens: known(batch.tokens), targets: known(batch.targets), documents };
      await assertSameGradient(config, [given], { workers: 2, variant: relaxed ? "relaxed" : "simd" });
    }),
    { numRuns: 15 },
  );
});

for (const kind of ["forward", "reverse", "top"] as const) {
  Deno.test(`wasm: distillation (${kind}) has the oracle's gradient`, async () => {
    const batch = randomBatch(2, 2, 7);
    await assertSameGradient(SMALL_MODEL, [{ ...batch, teacher: teacherFor(14, kind) }]);
  });
}

Deno.test("wasm: micro-batches of different shapes add up to the oracle's gradient", async () => {
  const distilled = { ...randomBatch(4, 1, 9), teacher: teacherFor(9, "top") };
  await assertSameGradient(SMALL_MODEL, [randomBatch(3, 2, 5), distilled, randomBatch(5, 3, 4)]);
});

Deno.test("wasm: blocks of tasks and of the head change nothing but rounding", async () => {
  // Wide enough for weight gradients of several tasks either way, long enough for whole row blocks.
  const wide = { ...SMALL_MODEL, width: 272, feedForwardWidth: 300, vocabularySize: 200, layers: 1 };
  await assertSameGradient(wide, [randomBatch(1, 2, 330)]);
  // So large a vocabulary that 200 rows of logits exceed a chunk, and half of them do not.
  const large = { ...SMALL_MODEL, width: 4, layers: 1, vocabularySize: 110_000 };
  await using backend = await wasm(large);
  const whole = randomBatch(2, 4, 50);
  const half = (from: number) => ({
    sequences: 2,
    length: 50,
    tokens: whole.tokens.subarray(from, from + 100),
    targets: whole.targets.subarray(from, from + 100),
    weights: whole.weights.subarray(from, from + 100),
  });
  const [a, b] = [await backend.gradient([whole]), await backend.gradient([half(0), half(100)])];
  assert.ok(relativeDifference(a.gradient, b.gradient) < 1e-5);
  const logits = await backend.logits(whole);
  const second = await backend.logits(half(100));
  assert.ok(relativeDifference(logits.subarray(second.length), second) < 1e-6);
});

Deno.test("wasm: long runs of targets without weight leave the oracle's gradient, with and without a teacher", async () => {
  // Longer than blocks of rows, which are then left out whole.
  const batch = randomBatch(3, 2, 400);
  const weights = batch.weights.map((weight, i) => i % 400 === 399 || i === 450 ? weight : 0);
  await assertSameGradient(SMALL_MODEL, [{ ...batch, weights }]);
  await assertSameGradient(SMALL_MODEL, [{ ...batch, weights, teacher: teacherFor(800, "reverse") }]);
});

Deno.test("wasm: logits and losses equal the oracle's", async () => {
  await using ours = await wasm();
  await using oracle = await start(await createTfjsBackend(SMALL_MODEL));
  const batch = randomBatch(6, 3, 45);
  for (const positions of ["all", "last"] as const) {
    const [a, b] = [await ours.logits(batch, positions), await oracle.logits(batch, positions)];
    assert.ok(relativeDifference(a, b) < 1e-5);
  }
  const [a, b] = [await ours.evaluate(batch), await oracle.evaluate(batch)];
  assert.ok(relativeDifference(a.negativeLogLikelihood, b.negativeLogLikelihood) < 1e-5);
  assert.ok(relativeDifference(a.weight, b.weight) < 1e-6);
});

Deno.test("wasm: 100 steps follow the oracle's losses to 1e-3", async () => {
  await using ours = await wasm();
  await using oracle = await start(await createTfjsBackend(SMALL_MODEL));
  for (let step = 0; step < 100; step++) {
    const batch = randomBatch(step % 5, 2, 8);
    const [a, b] = [await ours.step([batch], UPDATE), await oracle.step([batch], UPDATE)];
    assert.ok(Math.abs(a.loss - b.loss) < 1e-3, `step ${step}: ${a.loss}, expected ${b.loss}`);
    assert.equal(a.tokens, b.tokens);
  }
});

/** State after some steps on batches that fill several row blocks. */
async function trained(config: ModelConfig, workers: number): Promise<TrainState> {
  await using backend = await wasm(config, { workers });
  for (let step = 0; step < 4; step++) {
    await backend.step(
      [randomBatch(step, 5, 50), { ...randomBatch(9, 1, 7), teacher: teacherFor(7, "top") }],
      UPDATE,
    );
  }
  return await backend.exportState();
}

Deno.test("wasm: 1, 2 and 3 workers give the same bits", async () => {
  for (const config of [SMALL_MODEL, WEIGHTED]) {
    const [one, two, three] = [
      await trained(config, 1),
      await trained(config, 2),
      await trained(config, 3),
    ];
    assert.equal(one.step, 4);
    assert.deepEqual(one, two);
    assert.deepEqual(one, three);
  }
});

Deno.test("wasm: a run resumed from its state repeats the bits", async () => {
  await using whole = await wasm();
  await whole.step([randomBatch(1, 2, 9)], UPDATE);
  const state = await whole.exportState();
  await whole.step([randomBatch(2, 3, 7)], UPDATE);
  await using resumed = await createWasmBackend(SMALL_MODEL, { workers: 2 });
  await resumed.importState(state);
  await resumed.step([randomBatch(2, 3, 7)], UPDATE);
  assert.deepEqual(await resumed.exportState(), await whole.exportState());
});

Deno.test("wasm: a step that is not finite changes nothing", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  await using backend = await wasm();
  weights[0] = NaN;
  await start(backend, weights);
  const batch = randomBatch(1, 2, 8);
  batch.tokens[0] = 0;
  const before = await backend.exportState();
  const { loss, gradientNorm } = await backend.step([batch], UPDATE);
  assert.ok(Number.isNaN(loss) && Number.isNaN(gradientNorm));
  assert.deepEqual(await backend.exportState(), before);
});

Deno.test("wasm: a BLAS, where there is one, changes nothing but rounding", async (t) => {
  await using plain = await wasm();
  await using blas = await wasm(SMALL_MODEL, { workers: 2, blas: "auto" });
  await t.step(blas.description, async () => {
    assert.match(blas.description, /, (products by .+|no BLAS found)$/);
    for (let step = 0; step < 20; step++) {
      const batch = randomBatch(step % 3, 3, 30);
      const [a, b] = [await plain.step([batch], UPDATE), await blas.step([batch], UPDATE)];
      assert.ok(Math.abs(a.loss - b.loss) < 1e-4, `step ${step}: ${a.loss} ${b.loss}`);
    }
  });
});

Deno.test("wasm: description says what runs", async () => {
  await using backend = await createWasmBackend(SMALL_MODEL, { workers: 1, variant: "simd" });
  assert.equal(backend.description, "wasm, SIMD, 1 worker");
});

Deno.test("createWasmBackend() starts with zero weights", async () => {
  await using backend = await createWasmBackend(SMALL_MODEL, { workers: 1 });
  const { step, weights } = await backend.exportState();
  assert.equal(step, 0);
  assert.ok(weights.every((weight) => weight === 0));
  const { negativeLogLikelihood } = await backend.evaluate({
    ...randomBatch(1, 1, 4),
    weights: new Float32Array(4).fill(1),
  });
  assert.ok(Math.abs((negativeLogLikelihood[0] ?? NaN) - 4 * Math.log(SMALL_MODEL.vocabularySize)) < 1e-4);
});

Deno.test("createWasmBackend() refuses an impossible config and number of workers", async () => {
  await assert.rejects(createWasmBackend({ ...SMALL_MODEL, keyValueHeads: 3 }), /keyValueHeads is 3/);
  await assert.rejects(createWasmBackend(SMALL_MODEL, { workers: 0 }), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, "Backend: workers is 0, expected a whole number above 0.");
    return true;
  });
});

Deno.test("wasm: what does not fit into 4 GiB is a RunError that says what would", async () => {
  const large = checkModelConfig({ ...SMALL_MODEL, vocabularySize: 1_000_000, width: 512 });
  await assert.rejects(createWasmBackend(large, { workers: 1 }), RunError);
  await using backend = await wasm();
  const [sequences, length] = [200, 8192];
  const tokens = new Uint32Array(sequences * length);
  await assert.rejects(backend.gradient([{ sequences, length, tokens, targets: tokens }]), (error) => {
    assert.ok(error instanceof RunError);
    assert.match(error.message, /\d+ sequences at a time would fit/);
    return true;
  });
});

Deno.test("wasm: importState() refuses arrays of another model", async () => {
  await using backend = await wasm();
  const state = await backend.exportState();
  await assert.rejects(
    backend.importState({ ...state, firstMoment: new Float32Array(3) }),
    /State: firstMoment has 3 entries, expected \d+ parameters/,
  );
});
