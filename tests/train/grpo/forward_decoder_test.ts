import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { openDecoder } from "../../../lib/backends/open_decoder.ts";
import { createTfjsBackend } from "../../../lib/backends/tfjs.ts";
import { createWasmForward } from "../../../lib/backends/wasm.ts";
import { generateAll } from "../../../lib/generate/generator.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { ForwardDecoder } from "../../../lib/train/grpo/forward_decoder.ts";
import { config } from "./policy.ts";

const weights = initialise(config, 4);
const REQUESTS = [[1], [2, 3, 4, 5, 6], [7, 7], [9, 10, 1]].map((prompt, seed) => ({
  prompt: Uint32Array.from(prompt),
  sampling: { temperature: seed % 2 },
  seed,
  maxNewTokens: 9 + seed,
  stopTokens: [0],
}));

Deno.test("ForwardDecoder writes what a decoder with a cache writes", async () => {
  await using backend = await createWasmForward(config, weights);
  await using cached = await openDecoder("wasm", { config, weights }, { slots: 3, capacity: 40 });
  const written = async (decoder: ForwardDecoder | typeof cached) =>
    (await Array.fromAsync(generateAll(decoder, REQUESTS))).toSorted((a, b) => a.index - b.index);
  assert.deepEqual(
    await written(new ForwardDecoder(backend, { slots: 3, capacity: 40 })),
    await written(cached),
  );
});

Deno.test("ForwardDecoder.logits() are those of the text alone", async () => {
  await using backend = await createWasmForward(config, weights);
  const decoder = new ForwardDecoder(backend, { slots: 2, capacity: 40 });
  const tokens = Uint32Array.of(3, 1, 4, 1, 5);
  await decoder.prefill([{ slot: 0, tokens: Uint32Array.of(2) }, { slot: 1, tokens }]);
  const alone = await backend.logits({ sequences: 1, length: 5, tokens }, "last");
  (await decoder.logits(1)).forEach((logit, i) => assert.ok(Math.abs(logit - (alone[i] ?? NaN)) < 1e-4));
  decoder.truncate(1, 2);
  await assert.rejects(decoder.logits(1), UsageError);
  assert.equal(decoder.length(1), 2);
});

Deno.test("ForwardDecoder refuses a backend that is no decoder's", async () => {
  await using backend = await createTfjsBackend(config);
  assert.throws(() => new ForwardDecoder(backend, { slots: 2, capacity: 8 }), UsageError);
});
