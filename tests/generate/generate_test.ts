import assert from "node:assert/strict";
import type { TrainBackend } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { generate } from "../../lib/generate/generate.ts";
import { SMALL_MODEL, start } from "../backends/small_model.ts";

const SETTINGS = { seed: 1, temperature: 1, maxNewTokens: 5, stopTokens: [] };
const PROMPTS = [Uint32Array.of(1, 2, 3), Uint32Array.of(4), Uint32Array.of(9, 8, 7, 6, 5)];

async function smallBackend(): Promise<TrainBackend> {
  return await start(await createTfjsBackend(SMALL_MODEL));
}

/** A backend that always finds the token after the last one likeliest, and remembers what it was asked. */
function countingBackend(asked: { tokens: number[]; length: number }[] = []): TrainBackend {
  const logits: TrainBackend["logits"] = ({ sequences, length, tokens, documents }) => {
    const result = new Float32Array(sequences * SMALL_MODEL.vocabularySize);
    for (let row = 0; row < sequences; row++) {
      const own = [...tokens.subarray(row * length, (row + 1) * length)];
      asked.push({ tokens: own.filter((_, i) => documents?.[row * length + i] === 1), length });
      result[row * SMALL_MODEL.vocabularySize + (own.at(-1) ?? NaN) + 1] = 1;
    }
    return Promise.resolve(result);
  };
  // Generation reads nothing else of a backend.
  return { config: SMALL_MODEL, logits } as TrainBackend;
}

Deno.test("generate() at temperature 0 takes the likeliest token again and again", async () => {
  const greedy = { ...SETTINGS, temperature: 0, maxNewTokens: 3 };
  assert.deepEqual(await generate(countingBackend(), PROMPTS, greedy), [
    Uint32Array.of(4, 5, 6),
    Uint32Array.of(5, 6, 7),
    Uint32Array.of(6, 7, 8),
  ]);
});

Deno.test("generate() ends a text before a stop token and lets the others go on", async () => {
  const settings = { ...SETTINGS, temperature: 0, maxNewTokens: 3, stopTokens: [6, 30] };
  assert.deepEqual(await generate(countingBackend(), PROMPTS, settings), [
    Uint32Array.of(4, 5),
    Uint32Array.of(5),
    Uint32Array.of(),
  ]);
});

Deno.test("generate() shows the model the last tokens of its window", async () => {
  const asked: { tokens: number[]; length: number }[] = [];
  const settings = { ...SETTINGS, temperature: 0, maxNewTokens: 3, window: 2 };
  await generate(countingBackend(asked), [Uint32Array.of(1)], settings);
  assert.deepEqual(asked.map(({ tokens }) => tokens), [[1], [1, 2], [2, 3]]);
  assert.ok(asked.every(({ length }) => length <= 2));
});

Deno.test("generate() repeats with the same seed, and differs with another", async () => {
  const backend = await smallBackend();
  const first = await generate(backend, PROMPTS, SETTINGS);
  assert.ok(first.every((tokens) => tokens.length === 5));
  assert.deepEqual(await generate(backend, PROMPTS, SETTINGS), first);
  assert.notDeepEqual(await generate(backend, PROMPTS, { ...SETTINGS, seed: 2 }), first);
});

Deno.test("generate() gives a prompt among others what it gives it alone", async () => {
  const backend = await smallBackend();
  const [first] = await generate(backend, PROMPTS, SETTINGS);
  const [alone] = await generate(backend, PROMPTS.slice(0, 1), SETTINGS);
  assert.deepEqual(first, alone);
});

Deno.test("generate() refuses an empty prompt and settings out of range", async () => {
  const refuses = (prompts: Uint32Array[], change: object, message: RegExp) =>
    assert.rejects(
      generate(countingBackend(), prompts, { ...SETTINGS, ...change }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refuses([Uint32Array.of(1), new Uint32Array()], {}, /Prompt 2 is empty/);
  await refuses(PROMPTS, { maxNewTokens: 0 }, /maxNewTokens is 0/);
  await refuses(PROMPTS, { window: 1.5 }, /window is 1.5/);
  await refuses(PROMPTS, { temperature: -1 }, /temperature is -1/);
});
