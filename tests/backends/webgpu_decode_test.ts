import assert from "node:assert/strict";
import fc from "fast-check";
import type { Tier } from "../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../kernels/webgpu/device/open.ts";
import type { DecodeBackend, DecoderWeights } from "../../lib/backends/decode.ts";
import { openDecoder } from "../../lib/backends/open_decoder.ts";
import { sampleToken } from "../../lib/backends/sample.ts";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWebgpuBackend } from "../../lib/backends/webgpu.ts";
import { createWebgpuDecoder } from "../../lib/backends/webgpu_decode.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { dequantiseModel, quantiseModel } from "../../lib/model/quantise.ts";
import { emulatedTensorDevice } from "../kernels/webgpu/tensor_emulation.ts";
import { FUNCTIONS, SMALL_MODEL, start } from "./small_model.ts";

/** Widths that 4-bit weights take. */
const PACKABLE: ModelConfig = { ...SMALL_MODEL, width: 32, feedForwardWidth: 64 };

const GREEDY = { sampling: { temperature: 0 }, uniforms: new Float32Array() };

/** Largest difference, in standard deviations of the logits, that each tier may make. */
const TOLERANCE = { f32: 1e-4, f16: 5e-3 } as const;

function tokens(seed: number, count: number): Uint32Array {
  const random = Random.of(seed, "tokens");
  return Uint32Array.from({ length: count }, (_, i) => random.below(i, SMALL_MODEL.vocabularySize));
}

/** ‖a − b‖ / ‖b‖. */
function relativeError(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? NaN))) / Math.hypot(...b);
}

/** Logits after the last of some tokens, by the CPU's full forward pass. */
async function fullForward(config: ModelConfig, weights: Float32Array, text: ArrayLike<number>) {
  await using backend = await start(await createWasmBackend(config, { workers: 1 }), weights);
  const ids = Uint32Array.from(text);
  return await backend.logits({ sequences: 1, length: ids.length, tokens: ids }, "last");
}

async function decoder(weights: DecoderWeights, options = {}, tier: Tier = "f32"): Promise<DecodeBackend> {
  const device = await openDevice({ provider: "deno", tier });
  return await createWebgpuDecoder(weights, { slots: 3, capacity: 700, ...options }, device);
}

FUNCTIONS.forEach((chosen, i) => {
  // Both kinds of head, each with half of the functions.
  const config: ModelConfig = { ...SMALL_MODEL, ...chosen, tiedEmbeddings: i % 2 === 0 };
  const rope = chosen.ropeScaling === null ? "plain" : "scaled";
  for (const tier of ["f32", "f16"] as const) {
    Deno.test(`prefill() and decode() give a full forward pass's logits (${chosen.type}, ${chosen.queryKeyNorm}, ${rope} RoPE, ${tier})`, async () => {
      const weights = initialise(config, 1);
      const text = tokens(2, 270);
      await using decode = await decoder({ config, weights }, {}, tier);
      // Many rows over two passes, and a few.
      await decode.prefill([{ slot: 1, tokens: text }, { slot: 2, tokens: text.subarray(0, 5) }]);
      for (const [slot, length] of [[1, 270], [2, 5]] as const) {
        const own = [...text.subarray(0, length)];
        const error = relativeError(await decode.logits(slot), await fullForward(config, weights, own));
        assert.ok(error < TOLERANCE[tier], `read: off by ${error}`);
        const first = sampleToken(await decode.logits(slot), { temperature: 0 }, 0);
        own.push(...await decode.decode([{ slot, ...GREEDY }], 3));
        assert.equal(own[length], first);
        const later = relativeError(await decode.logits(slot), await fullForward(config, weights, own));
        assert.ok(later < TOLERANCE[tier], `written: off by ${later}`);
        assert.equal(decode.length(slot), own.length);
      }
    });
  }
});

Deno.test("tiles of the tensor tier's attention, on emulated subgroup matrices, give a full forward pass's logits", async () => {
  const config = { ...SMALL_MODEL, headSize: 16 };
  const weights = initialise(config, 1);
  const device = emulatedTensorDevice(await openDevice({ provider: "deno", tier: "f16" }));
  await using decode = await createWebgpuDecoder({ config, weights }, { slots: 3, capacity: 90 }, device);
  const text = tokens(2, 70);
  // Tiles of 32 rows, some of them filled up.
  await decode.prefill([{ slot: 1, tokens: text }, { slot: 2, tokens: text.subarray(0, 41) }]);
  for (const [slot, length] of [[1, 70], [2, 41]] as const) {
    const expected = await fullForward(config, weights, text.subarray(0, length));
    const error = relativeError(await decode.logits(slot), expected);
    assert.ok(error < TOLERANCE.f16, `slot ${slot}: off by ${error}`);
  }
});

Deno.test("logits equal those of training's forward pass on the same device", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  const text = tokens(3, 40);
  await using trainer = await start(
    await createWebgpuBackend(SMALL_MODEL, { provider: "deno", tier: "f32" }),
    weights,
  );
  await using decode = await decoder({ config: SMALL_MODEL, weights });
  await decode.prefill([{ slot: 0, tokens: text }]);
  const expected = await trainer.logits({ sequences: 1, length: text.length, tokens: text }, "last");
  assert.ok(relativeError(await decode.logits(0), expected) < 1e-4);
});

Deno.test("prefill() may be cut anywhere, beside other slots of any length", async () => {
  const weights = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 3) };
  const text = tokens(4, 290);
  await using decode = await decoder(weights);
  await decode.prefill([{ slot: 1, tokens: text }]);
  const expected = await decode.logits(1);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 289 }), { maxLength: 3 }),
      fc.integer({ min: 1, max: 100 }),
      async (cuts, beside) => {
        for (const slot of [0, 2]) decode.truncate(slot, 0);
        let from = 0;
        for (const end of [...new Set([...cuts, 290])].sort((a, b) => a - b)) {
          await decode.prefill([
            { slot: 0, tokens: tokens(beside, beside) },
            { slot: 2, tokens: text.subarray(from, end) },
          ]);
          from = end;
        }
        assert.ok(relativeError(await decode.logits(2), expected) < 1e-5);
      },
    ),
    { numRuns: 5 },
  );
});

Deno.test("slots write side by side what each writes alone, few of them or many, and the same bits again", async () => {
  const weights = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 5) };
  const slots = 11;
  await using decode = await decoder(weights, { slots, capacity: 240 });
  const prompts = Array.from({ length: slots }, (_, slot) => ({ slot, tokens: tokens(slot, 1 + 7 * slot) }));
  const draws = prompts.map(({ slot }) => {
    const random = Random.of(slot, "uniforms");
    return {
      slot,
      sampling: { temperature: slot % 2, topP: 0.9 },
      uniforms: Float32Array.from({ length: 70 }, (_, i) => random.uniform(i)),
    };
  });
  const write = async (chosen: readonly number[]) => {
    for (const slot of chosen) decode.truncate(slot, 0);
    const own = <Value>(values: readonly Value[]) => values.filter((_, slot) => chosen.includes(slot));
    await decode.prefill(own(prompts));
    return await decode.decode(own(draws), 70);
  };
  const all = Array.from({ length: slots }, (_, slot) => slot);
  const together = await write(all);
  assert.deepEqual(await write(all), together);
  for (const slot of [0, 3, 10]) {
    assert.deepEqual(await write([slot]), together.slice(70 * slot, 70 * (slot + 1)));
  }
});

Deno.test("prefill() reads more prompts than one pass has logits for", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  const slots = 530;
  await using decode = await decoder({ config: SMALL_MODEL, weights }, { slots, capacity: 2 });
  const token = (slot: number) => slot % SMALL_MODEL.vocabularySize;
  await decode.prefill(
    Array.from({ length: slots }, (_, slot) => ({ slot, tokens: Uint32Array.of(token(slot)) })),
  );
  for (const slot of [0, 255, 256, 511, 512, 529]) {
    const expected = await fullForward(SMALL_MODEL, weights, [token(slot)]);
    assert.ok(relativeError(await decode.logits(slot), expected) < TOLERANCE.f32, `slot ${slot}`);
  }
});

Deno.test("4-bit weights compute what they stand for, read by few rows and by many", async () => {
  const config: ModelConfig = { ...SMALL_MODEL, width: 32, feedForwardWidth: 64 };
  const packed = quantiseModel({ config, weights: initialise(config, 6) }, {
    group: 16,
    embeddingGroup: 32,
    activationBits: 8,
  });
  const text = tokens(7, 40);
  const exact = await fullForward(config, dequantiseModel(packed).weights, text);
  for (const [tier, activationBits] of [["f32", 0], ["f32", 8], ["f16", 8]] as const) {
    await using decode = await decoder({ ...packed, activationBits }, {}, tier);
    await decode.prefill([{ slot: 0, tokens: text }, { slot: 1, tokens: text.subarray(0, 35) }]);
    await decode.prefill([{ slot: 1, tokens: text.subarray(35) }]);
    for (const slot of [0, 1]) {
      const error = relativeError(await decode.logits(slot), exact);
      // Rounding activations to 8 bits is seen.
      const [least, most] = activationBits === 8 ? [1e-4, 0.1] : [0, TOLERANCE[tier]];
      assert.ok(error >= least && error < most, `${activationBits} bits, ${tier}: off by ${error}`);
    }
  }
});

Deno.test("truncate() forgets: another continuation gives what it gives alone", async () => {
  const weights = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 8) };
  const [first, second] = [tokens(9, 30), tokens(10, 30)];
  await using decode = await decoder(weights);
  await decode.prefill([{ slot: 0, tokens: first }]);
  decode.truncate(0, 12);
  await assert.rejects(decode.logits(0), /Slot 0 has no logits/);
  await decode.prefill([{ slot: 0, tokens: second }]);
  assert.equal(decode.length(0), 42);
  await decode.prefill([{ slot: 2, tokens: Uint32Array.from([...first.subarray(0, 12), ...second]) }]);
  assert.deepEqual(await decode.logits(0), await decode.logits(2));
});

Deno.test("a decoder refuses what it cannot do, naming it", async () => {
  const model = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 1) };
  await using decode = await decoder(model, { capacity: 8 });
  const refuses = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => error instanceof UsageError && message.test(error.message));
  await refuses(decode.decode([{ slot: 0, ...GREEDY }], 1), /Slot 0 has no logits to draw from/);
  await refuses(decode.prefill([{ slot: 0, tokens: tokens(1, 9) }]), /is to take 9 tokens, expected 1 to 8/);
  await refuses(decode.prefill([{ slot: 5, tokens: tokens(1, 1) }]), /Slot is 5, expected 0 … 2/);
  await refuses(decoder(model, { slots: 0 }), /slots is 0/);
  assert.throws(() => decode.truncate(0, 1), /keep 1 positions, expected 0 to 0/);
  const narrow = quantiseModel(model, { group: 4, embeddingGroup: 8, activationBits: 0 });
  await refuses(decoder(narrow), /groups of 4 columns, expected a multiple of 8/);
  await assert.rejects(
    openDecoder("webgpu", model, { slots: 1, capacity: 8, provider: "deno", tier: "tensor" }),
    (error) => error instanceof RunError && /tensor tier is not available/.test(error.message),
  );
});

Deno.test("decode() says so where a model has diverged", async () => {
  const weights = initialise(SMALL_MODEL, 1).fill(NaN, 0, 1);
  await using decode = await decoder({ config: SMALL_MODEL, weights });
  await decode.prefill([{ slot: 0, tokens: Uint32Array.of(0) }]);
  await assert.rejects(
    decode.decode([{ slot: 0, ...GREEDY }], 1),
    (error) => error instanceof RunError && /A logit of slot 0 is not a finite number/.test(error.message),
  );
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
  for (const tier of ["f32", "f16"] as const) {
    await using decode = await decoder({ config, weights: first }, {}, tier);
    const before = await written(decode);
    await decode.load(second);
    assert.equal(decode.length(1), 0);
    await assert.rejects(decode.logits(1), /has no logits/);
    await using fresh = await decoder({ config, weights: second }, {}, tier);
    const after = await written(decode);
    assert.deepEqual(after, await written(fresh));
    assert.notDeepEqual(after, before);
  }
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
