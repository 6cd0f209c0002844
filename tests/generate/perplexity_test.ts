import assert from "node:assert/strict";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWasmDecoder } from "../../lib/backends/wasm_decode.ts";
import { decoderNegativeLogLikelihood } from "../../lib/generate/perplexity.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { randomBatch, SMALL_MODEL, start } from "../backends/small_model.ts";

Deno.test("decoderNegativeLogLikelihood() equals a full forward pass's, in any number of slots", async () => {
  const weights = initialise(SMALL_MODEL, 1);
  const { tokens } = randomBatch(2, 3, 12);
  const windows = [tokens.subarray(0, 12), tokens.subarray(12, 19), tokens.subarray(24, 36)];
  await using backend = await start(await createWasmBackend(SMALL_MODEL, { workers: 1 }), weights);
  let total = 0, count = 0;
  for (const window of windows) {
    const length = window.length - 1;
    const batch = { sequences: 1, length, tokens: window.subarray(0, -1), targets: window.subarray(1) };
    total += (await backend.evaluate(batch)).negativeLogLikelihood[0] ?? NaN;
    count += length;
  }
  for (const slots of [1, 2, 5]) {
    await using decoder = await createWasmDecoder({ config: SMALL_MODEL, weights }, {
      slots,
      capacity: 12,
      workers: 2,
    });
    const ours = await decoderNegativeLogLikelihood(decoder, windows);
    assert.ok(Math.abs(ours - total / count) < 1e-5, `${ours}, expected ${total / count}`);
  }
});

Deno.test("decoderNegativeLogLikelihood() refuses text without a token to predict", async () => {
  const model = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 1) };
  await using decoder = await createWasmDecoder(model, { slots: 2, capacity: 4, workers: 1 });
  await assert.rejects(decoderNegativeLogLikelihood(decoder, [Uint32Array.of(3)]), /no token to predict/);
});
