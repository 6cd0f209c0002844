import assert from "node:assert/strict";
import fc from "fast-check";
import type { DecodeBackend, DecoderWeights } from "../../lib/backends/decode.ts";
import { sampleToken } from "../../lib/backends/sample.ts";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWasmDecoder } from "../../lib/backends/wasm_decode.ts";
import { Random } from "../../lib/core/random.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { dequantiseModel, quantiseModel } from "../../lib/model/quantise.ts";
import { FUNCTIONS, SMALL_MODEL, start } from "./small_model.ts";

/** Widths that 4-bit kernels take. */
const PACKABLE: ModelConfig = { ...SMALL_MODEL, width: 32, feedForwardWidth: 64 };

const GREEDY = { sampling: { temperature: 0 }, uniforms: new Float32Array() };

function tokens(seed: number, count: number): Uint32Array {
  const random = Random.of(seed, "tokens");
  return Uint32Array.from({ length: count }, (_, i) => random.below(i, SMALL_MODEL.vocabularySize));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** Logits after the last of some tokens, by a full forward pass. */
async function fullForward(config: ModelConfig, weights: Float32Array, text: Uint32Array) {
  await using backend = await start(await createWasmBackend(config, { workers: 1 }), weights);
  return await backend.logits({ sequences: 1, length: text.length, tokens: text }, "last");
}

async function decoder(weights: DecoderWeights, options = {}): Promise<DecodeBackend> {
  return await createWasmDecoder(weights, { slots: 3, capacity: 700, workers: 2, ...options });
}

for (const chosen of FUNCTIONS) {
  for (const tiedEmbeddings of [true, false]) {
    const name = `${chosen.type}, ${chosen.queryKeyNorm}, ${
      chosen.ropeScaling === null ? "plain" : "scaled"
    } RoPE`;
    Deno.test(`prefill() and decode() give a full forward pass's logits (${name}, tied: ${tiedEmbeddings})`, async () => {
      const config: ModelConfig = { ...SMALL_MODEL, ...chosen, tiedEmbeddings };
      const weights = initialise(config, 1);
      const text = tokens(2, 290);
      await using decode = await decoder({ config, weights });
      await decode.prefill([{ slot: 1, tokens: text.subarray(0, 285) }]);
      const own = [...text.subarray(0, 285)];
      for (let i = 0; i < 3; i++) {
        const logits = await decode.logits(1);
        assert.ok(
          largestDifference(logits, await fullForward(config, weights, Uint32Array.from(own))) < 1e-4,
        );
        const [token = NaN] = await decode.decode([{
          slot: 1,
          sampling: { temperature: 0 },
          uniforms: new Float32Array(),
        }], 1);
        assert.equal(token, sampleToken(logits, { temperature: 0 }, 0));
        own.push(token);
      }
      assert.equal(decode.length(1), own.length);
    });
  }
}

Deno.test("logits have the same bits however a text was cut, whatever the other slots, workers and steps", async () => {
  const packed = quantiseModel({ config: PACKABLE, weights: initialise(PACKABLE, 3) }, {
    group: 32,
    embeddingGroup: 32,
    activationBits: 8,
  });
  for (const weights of [{ config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 3) }, packed]) {
    const text = tokens(4, 300);
    await using alone = await decoder(weights, { slots: 1, workers: 1 });
    await alone.prefill([{ slot: 0, tokens: text }]);
    const expected = await alone.logits(0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 299 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 120 }),
        async (cuts, beside) => {
          await using others = await decoder(weights, { slots: 4 });
          await others.prefill([{ slot: 3, tokens: tokens(5, beside) }]);
          const ends = [...new Set([...cuts, 300])].sort((a, b) => a - b);
          let from = 0;
          for (const end of ends) {
            await others.prefill([
              { slot: 0, tokens: tokens(from, 2) },
              { slot: 2, tokens: text.subarray(from, end) },
            ]);
            from = end;
          }
          assert.deepEqual(await others.logits(2), expected);
        },
      ),
      { numRuns: 4 },
    );
    // Written instead of read: the same tokens, drawn by force of topK 1 from a slot that knows them.
    const greedy = { sampling: { temperature: 0 }, uniforms: new Float32Array() };
    const drawn = await alone.decode([{ slot: 0, ...greedy }], 5);
    await using reader = await decoder(weights);
    await reader.prefill([{ slot: 0, tokens: Uint32Array.from([...text, ...drawn]) }]);
    assert.deepEqual(await reader.logits(0), await alone.logits(0));
  }
});

Deno.test("4-bit weights come near what they stand for; unpacked, to float32's precision", async () => {
  const packed = quantiseModel({ config: PACKABLE, weights: initialise(PACKABLE, 6) }, {
    group: 32,
    embeddingGroup: 32,
    activationBits: 8,
  });
  const text = tokens(7, 40);
  const exact = await fullForward(PACKABLE, dequantiseModel(packed).weights, text);
  const spread = Math.hypot(...exact) / Math.sqrt(exact.length);
  const difference = async (activationBits: 8 | 0) => {
    await using decode = await decoder({ ...packed, activationBits });
    await decode.prefill([{ slot: 0, tokens: text }]);
    return largestDifference(await decode.logits(0), exact) / spread;
  };
  const rounded = await difference(8);
  // Measured: 0.05 of the logits' own spread.
  assert.ok(rounded > 1e-3 && rounded < 0.15, `8-bit activations: off by ${rounded}`);
  assert.ok(await difference(0) < 1e-4);
});

Deno.test("truncate() forgets: another continuation gives what it gives alone", async () => {
  const weights = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 8) };
  const [first, second] = [tokens(9, 30), tokens(10, 30)];
  await using decode = await decoder(weights);
  await decode.prefill([{ slot: 0, tokens: first }]);
  decode.truncate(0, 12);
  await assert.rejects(decode.logits(0), /Slot 0 has no logits/);
  await decode.prefill([{ slot: 0, tokens: second }]);
  const joined = Uint32Array.from([...first.subarray(0, 12), ...second]);
  assert.equal(decode.length(0), 42);
  await using fresh = await decoder(weights);
  await fresh.prefill([{ slot: 2, tokens: joined }]);
  assert.deepEqual(await decode.logits(0), await fresh.logits(2));
});

Deno.test("decode() draws by the caller's numbers", async () => {
  const weights = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 11) };
  await using decode = await decoder(weights);
  await decode.prefill([{ slot: 0, tokens: Uint32Array.of(1, 2) }, { slot: 1, tokens: Uint32Array.of(3) }]);
  const sampling = { temperature: 1.5, topP: 0.9 };
  const expected = [
    sampleToken(await decode.logits(1), sampling, 0.75),
    sampleToken(await decode.logits(0), sampling, 0.25),
  ];
  const drawn = await decode.decode([
    { slot: 1, sampling, uniforms: Float32Array.of(0.75, 0.5) },
    { slot: 0, sampling, uniforms: Float32Array.of(0.25, 0.5) },
  ], 2);
  assert.deepEqual([drawn[0], drawn[2]], expected);
});

Deno.test("a decoder refuses what it cannot hold, naming it", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  const model = { config: SMALL_MODEL, weights };
  await using decode = await decoder(model, { capacity: 8 });
  const refuses = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => error instanceof UsageError && message.test(error.message));
  const draw = { slot: 0, sampling: { temperature: 1 }, uniforms: Float32Array.of(0.5) };
  await refuses(
    decode.prefill([{ slot: 0, tokens: tokens(1, 9) }]),
    /Slot 0 is to take 9 tokens, expected 1 to 8/,
  );
  await refuses(decode.prefill([{ slot: 0, tokens: new Uint32Array() }]), /is to take 0 tokens/);
  await refuses(decode.prefill([{ slot: 5, tokens: tokens(1, 1) }]), /Slot is 5, expected 0 … 2/);
  await refuses(decode.prefill([{ slot: 0, tokens: Uint32Array.of(37) }]), /Token id is 37, expected 0 … 36/);
  await refuses(decode.decode([draw], 1), /Slot 0 has no logits to draw from/);
  await decode.prefill([{ slot: 0, tokens: tokens(1, 8) }]);
  await refuses(decode.decode([draw], 1), /expected at most 0: it holds 8 of 8/);
  await refuses(
    decode.prefill([{ slot: 1, tokens: tokens(1, 1) }, { slot: 1, tokens: tokens(1, 1) }]),
    /named twice/,
  );
  await refuses(createWasmDecoder(model, { slots: 0, capacity: 8 }), /slots is 0/);
  const narrow = quantiseModel(model, { group: 8, embeddingGroup: 16, activationBits: 8 });
  await refuses(
    createWasmDecoder(narrow, { slots: 1, capacity: 8 }),
    /a group has 16 columns, expected a multiple of 32/,
  );
  await assert.rejects(
    createWasmDecoder(model, { slots: 1000, capacity: 100000 }),
    (error) => error instanceof RunError && /more than the 4 GiB/.test(error.message),
  );
});

Deno.test("decode() says so where a model has diverged", async () => {
  const weights = initialise(SMALL_MODEL, 1).fill(NaN, 0, 1);
  for (const w of [{ config: SMALL_MODEL, weights }]) {
    await using decode = await decoder(w);
    await decode.prefill([{ slot: 0, tokens: Uint32Array.of(0) }]);
    await assert.rejects(
      decode.decode([{ slot: 0, sampling: { temperature: 0 }, uniforms: new Float32Array() }], 1),
      RunError,
    );
  }
});

Deno.test("load() makes a decoder what a fresh one with those weights is, to the bit", async () => {
  const config: ModelConfig = {
    ...SMALL_MODEL,
    type: "qwen3",
    queryKeyNorm: "before rope, weighted",
    tiedEmbeddings: false,
  };
  const [first, second] = [initialise(config, 12), initialise(config, 13)];
  // Norms begin as ones; these differ.
  second.forEach((value, i) => second[i] = value * (1 + i % 7 / 10));
  const text = tokens(14, 40);
  const written = async (decode: DecodeBackend) => {
    await decode.prefill([{ slot: 1, tokens: text }]);
    const drawn = await decode.decode([{ slot: 1, ...GREEDY }], 5);
    return [...drawn, ...await decode.logits(1)];
  };
  await using decode = await decoder({ config, weights: first });
  const before = await written(decode);
  await decode.load(second);
  assert.equal(decode.length(1), 0);
  await assert.rejects(decode.logits(1), /has no logits/);
  await using fresh = await decoder({ config, weights: second });
  const after = await written(decode);
  assert.deepEqual(after, await written(fresh));
  assert.notDeepEqual(after, before);
});

Deno.test("load() refuses weights that are not the decoder's", async () => {
  const weights = { config: PACKABLE, weights: initialise(PACKABLE, 1) };
  await using decode = await decoder(weights);
  await assert.rejects(decode.load(new Float32Array(3)), {
    name: "UsageError",
    message: `The decoder is to load 3 weights, expected the config's ${weights.weights.length}.`,
  });
  await using packed = await decoder(
    quantiseModel(weights, { group: 32, embeddingGroup: 32, activationBits: 8 }),
  );
  await assert.rejects(packed.load(weights.weights), {
    name: "UsageError",
    message: "The decoder has 4-bit weights; it cannot load float32 ones, open another one.",
  });
});
