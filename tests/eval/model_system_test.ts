import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { fit, modelSystem } from "../../lib/eval/model_system.ts";
import type { AnswerRequest } from "../../lib/eval/system.ts";
import { openDecoder } from "../../lib/backends/open_decoder.ts";
import { generateAll } from "../../lib/generate/generator.ts";
import { dequantiseModel, quantiseModel } from "../../lib/model/quantise.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { LLAMA3_TEMPLATE } from "../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

const tokenizer = await openTokenizer("llama3-512");
const config = { ...SMALL_MODEL, vocabularySize: 512, maxPositions: 128 };
const SETTINGS = { backend: "wasm", batchTokens: 1024, slots: 2 } as const;
const { signal } = new AbortController();

function request(sample: number, temperature: number, stop: readonly string[] = []): AnswerRequest {
  return {
    ...{ task: "t", id: "1", sample, prompt: { text: "One two three" }, stop, maxNewTokens: 12 },
    sampling: { temperature },
    seed: sample,
  };
}

Deno.test("modelSystem() writes the same answers whatever else is asked, cut at stop texts", async () => {
  await using system = modelSystem(
    "m",
    { config, weights: initialise(config, 1) },
    tokenizer,
    LLAMA3_TEMPLATE,
    SETTINGS,
  );
  const ask = async (...requests: AnswerRequest[]) =>
    (await Array.fromAsync(system.answers(requests, signal))).sort((a, b) => a.index - b.index);
  const [greedy, ...sampled] = await ask(request(0, 0), request(1, 1), request(2, 1), request(3, 1));
  assert.ok(greedy !== undefined && greedy.text.length > 1);
  assert.equal(new Set(sampled.map(({ text }) => text)).size, 3);
  assert.deepEqual((await ask(request(2, 1))).map(({ text }) => text), [sampled[1]?.text]);
  const stop = greedy.text.slice(1, 3);
  const [cut] = await ask(request(0, 0, [stop]));
  assert.equal(cut?.text, greedy.text.slice(0, greedy.text.indexOf(stop)));
  assert.equal(cut?.finish, "stop");
});

Deno.test("modelSystem() is named by its weights", () => {
  const names = [1, 2].map((seed) =>
    modelSystem("m", { config, weights: initialise(config, seed) }, tokenizer, LLAMA3_TEMPLATE, SETTINGS).name
  );
  assert.notEqual(names[0], names[1]);
  assert.match(names[0] ?? "", /^m [0-9a-f]{16}, llama3-512, window 128$/);
});

Deno.test("modelSystem() stops writing at a stop text", async () => {
  const model = { config, weights: initialise(config, 1) };
  await using system = modelSystem("m", model, tokenizer, LLAMA3_TEMPLATE, SETTINGS);
  const [whole] = await Array.fromAsync(system.answers([request(0, 0)], signal));
  const stop = whole?.text.slice(1, 3) ?? "";
  const [cut] = await Array.fromAsync(system.answers([request(0, 0, [stop])], signal));
  assert.ok((cut?.tokens ?? NaN) < (whole?.tokens ?? NaN), `${cut?.tokens} of ${whole?.tokens} tokens`);
});

Deno.test("modelSystem() scores a packed model by the weights that it stands for, and lets the packed ones write", async () => {
  const wide = { ...config, width: 32, feedForwardWidth: 32 };
  const settings = { group: 32, embeddingGroup: 32, activationBits: 8 } as const;
  const packed = quantiseModel({ config: wide, weights: initialise(wide, 1) }, settings);
  await using own = modelSystem("m", packed, tokenizer, LLAMA3_TEMPLATE, SETTINGS);
  await using whole = modelSystem("m", dequantiseModel(packed), tokenizer, LLAMA3_TEMPLATE, SETTINGS);
  assert.match(own.name, /^m [0-9a-f]{16}, 4-bit weights, 8-bit activations, llama3-512/);
  const asked = [{ context: "One two", continuation: " three" }];
  const [a, b] = [own, whole].map(({ logLikelihoods }) => logLikelihoods ?? assert.fail());
  assert.deepEqual(
    await Array.fromAsync(a?.(asked, signal) ?? []),
    await Array.fromAsync(b?.(asked, signal) ?? []),
  );
  await using decoder = await openDecoder("wasm", packed, { slots: 1, capacity: 128 });
  const prompt = Uint32Array.from([tokenizer.special.beginOfText, ...tokenizer.encode("One two three")]);
  const written = { prompt, sampling: { temperature: 0 }, seed: 0, maxNewTokens: 12, stopTokens: [] };
  const [expected] = await Array.fromAsync(generateAll(decoder, [written]));
  const [answer] = await Array.fromAsync(own.answers([request(0, 0)], signal));
  assert.equal(answer?.text, tokenizer.decode(expected?.tokens ?? []));
});

Deno.test("modelSystem() refuses another model's tokenizer, and a window that does not fit", async () => {
  const model = { config, weights: new Float32Array(0) };
  const other = await openTokenizer("llama3-600");
  assert.throws(
    () => modelSystem("m", model, other, LLAMA3_TEMPLATE, SETTINGS),
    (error) => error instanceof UsageError && /llama3-600 has 600 ids, the model m 512/.test(error.message),
  );
  assert.throws(
    () => modelSystem("m", model, tokenizer, LLAMA3_TEMPLATE, { ...SETTINGS, window: 129 }),
    (error) =>
      error instanceof UsageError && /window is 129, expected 2 to the model's 128/.test(error.message),
  );
});

Deno.test("fit() leaves room for an answer and the end of a prompt", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 2, max: 200 }),
    (length, maxNewTokens, window) => {
      const prompt = Uint32Array.from({ length }, (_, i) => i);
      const { tokens, room } = fit(prompt, maxNewTokens, window);
      assert.deepEqual(tokens, prompt.slice(length - tokens.length));
      assert.ok(tokens.length >= 1 && room >= 1 && tokens.length + room <= window);
      assert.ok(tokens.length === length || tokens.length >= window / 2);
    },
  ));
});
