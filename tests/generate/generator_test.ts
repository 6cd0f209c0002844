import assert from "node:assert/strict";
import fc from "fast-check";
import type { DecodeBackend, Draw, Prefill } from "../../lib/backends/decode.ts";
import { createWasmDecoder } from "../../lib/backends/wasm_decode.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import { type Completion, generateAll, type GenerationRequest } from "../../lib/generate/generator.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

/** What the counting decoder was asked, call by call. */
interface Asked {
  readonly prefills: number[][];
  readonly decodes: { slots: number[]; steps: number }[];
}

/** A decoder that always writes the number after the last one. */
function countingDecoder(slots: number, capacity = 100): { decoder: DecodeBackend; asked: Asked } {
  const held: number[][] = Array.from({ length: slots }, () => []);
  const own = (slot: number) => held[slot] ?? assert.fail(`no slot ${slot}`);
  const asked: Asked = { prefills: [], decodes: [] };
  const decoder = {
    slots,
    capacity,
    prefill(prompts: readonly Prefill[]) {
      asked.prefills.push(prompts.map(({ slot }) => slot));
      for (const { slot, tokens } of prompts) {
        assert.equal(own(slot).length, 0, "a slot is taken before it is empty");
        own(slot).push(...tokens);
      }
      return Promise.resolve();
    },
    decode(draws: readonly Draw[], steps: number) {
      asked.decodes.push({ slots: draws.map(({ slot }) => slot), steps });
      const tokens = draws.flatMap(({ slot }) =>
        Array.from({ length: steps }, () => {
          const next = (own(slot).at(-1) ?? NaN) + 1;
          own(slot).push(next);
          assert.ok(own(slot).length <= capacity, "a slot overflows");
          return next;
        })
      );
      return Promise.resolve(Uint32Array.from(tokens));
    },
    truncate(slot: number, length: number) {
      own(slot).length = length;
    },
    length: (slot: number) => own(slot).length,
  };
  // Generation asks nothing else of a decoder.
  return { decoder: decoder as unknown as DecodeBackend, asked };
}

function request(prompt: number[], change: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    prompt: Uint32Array.from(prompt),
    sampling: { temperature: 0 },
    seed: 1,
    maxNewTokens: 5,
    stopTokens: [],
    ...change,
  };
}

async function collect(completions: AsyncIterable<Completion>): Promise<Completion[]> {
  return (await Array.fromAsync(completions)).sort((a, b) => a.index - b.index);
}

Deno.test("generateAll() ends at a stop token, after so many tokens, or where a slot is full", async () => {
  const { decoder } = countingDecoder(2, 12);
  const completions = await collect(generateAll(decoder, [
    request([1, 2], { stopTokens: [9, 5] }),
    request([20], { maxNewTokens: 3 }),
    request([30, 31], { maxNewTokens: 50 }),
    request([8], { stopTokens: [9] }),
  ]));
  assert.deepEqual(completions, [
    { index: 0, tokens: Uint32Array.of(3, 4), finish: "stop" },
    { index: 1, tokens: Uint32Array.of(21, 22, 23), finish: "length" },
    { index: 2, tokens: Uint32Array.from({ length: 10 }, (_, i) => 32 + i), finish: "capacity" },
    { index: 3, tokens: Uint32Array.of(), finish: "stop" },
  ]);
});

Deno.test("generateAll() ends after the token that stopAfter() chooses, and asks it of none after that", async () => {
  const { decoder } = countingDecoder(2);
  const asked: number[] = [];
  const stopAfter = (token: number) => asked.push(token) > 0 && token === 4;
  const [stopped, other] = await collect(
    generateAll(decoder, [request([1], { stopAfter, maxNewTokens: 50 }), request([1], { maxNewTokens: 9 })]),
  );
  assert.deepEqual(stopped, { index: 0, tokens: Uint32Array.of(2, 3, 4), finish: "stop" });
  assert.deepEqual(asked, [2, 3, 4]);
  assert.equal(other?.tokens.length, 9);
});

Deno.test("generateAll() keeps every slot busy, and asks for a request when a slot is free", async () => {
  const { decoder, asked } = countingDecoder(2);
  let given = 0;
  async function* requests() {
    for (; given < 5; given++) {
      yield await Promise.resolve(request([10 * given], { maxNewTokens: 1 + given }));
    }
  }
  const completions = generateAll(decoder, requests(), { stepsPerCall: 1 });
  const first = await completions.next();
  assert.equal(first.done, false);
  assert.equal(given, 1, "the third request was asked for before a slot was free");
  await collect(completions);
  assert.deepEqual(asked.decodes.map(({ slots }) => slots.length), [2, 2, 2, 2, 2, 2, 1, 1, 1]);
  assert.equal(asked.prefills[0]?.length, 2);
});

Deno.test("generateAll() takes more steps a call while nothing stops, and fewer after a stop", async () => {
  const { decoder, asked } = countingDecoder(2);
  await collect(generateAll(decoder, [
    request([1], { stopTokens: [8], maxNewTokens: 90 }),
    request([1], { maxNewTokens: 40 }),
  ], { stepsPerCall: 8 }));
  assert.deepEqual(asked.decodes.map(({ steps }) => steps), [1, 2, 4, 2, 4, 8, 8, 8, 3]);
});

Deno.test("generateAll() keeps every slot busy through 64 samples of each of 30 problems", async () => {
  const slots = 64, capacity = 500;
  const { decoder, asked } = countingDecoder(slots, capacity);
  const random = Random.of(1, "lengths");
  // Lengths differ ten times, as those of reasoning do.
  const requests = Array.from({ length: 30 * 64 }, (_, i) => {
    const length = 40 + Math.floor(360 * random.uniform(i));
    return request([1], { maxNewTokens: capacity, stopTokens: [2 + length] });
  });
  const completions = await collect(generateAll(decoder, requests));
  assert.deepEqual(completions.map(({ finish }) => finish), requests.map(() => "stop"));
  // Once a slot stays empty nobody waits any more.
  const rows = asked.decodes.map(({ slots: own }) => own.length);
  assert.deepEqual(rows, rows.toSorted((a, b) => b - a));
  // What is lost: the end, when texts run out, and what was drawn behind a stop.
  const places = asked.decodes.reduce((sum, { steps }) => sum + slots * steps, 0);
  const written = completions.reduce((sum, { tokens }) => sum + tokens.length, 0);
  assert.ok(written / places > 0.94, `${written / places} of the places wrote a token that was kept`);
});

Deno.test("generateAll() tells of tokens as they come, and leaves the slots empty", async () => {
  const { decoder } = countingDecoder(2);
  const told: [number, number][] = [];
  const requests = [request([1], { stopTokens: [4] }), request([5], { maxNewTokens: 2 })];
  await collect(generateAll(decoder, requests, { onToken: (index, token) => told.push([index, token]) }));
  assert.deepEqual(told.filter(([index]) => index === 0), [[0, 2], [0, 3]]);
  assert.deepEqual(told.filter(([index]) => index === 1), [[1, 6], [1, 7]]);
  for await (const _ of generateAll(decoder, [request([1]), request([9], { maxNewTokens: 1 })])) break;
  assert.deepEqual([decoder.length(0), decoder.length(1)], [0, 0]);
});

Deno.test("generateAll() stops between calls when it is told to", async () => {
  const { decoder } = countingDecoder(1);
  const controller = new AbortController();
  const work = generateAll(decoder, [request([1], { maxNewTokens: 50 })], {
    signal: controller.signal,
    stepsPerCall: 1,
    onToken: (_, token) => token === 4 && controller.abort(new Error("enough")),
  });
  await assert.rejects(work.next(), /enough/);
  assert.equal(decoder.length(0), 0);
});

Deno.test("generateAll() writes the same text for a request, whatever slots, neighbours and steps", async () => {
  const model = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 5) };
  const requests = Array.from(
    { length: 7 },
    (_, i) =>
      request([i, 3, i], {
        seed: 10 + i % 3,
        sampling: { temperature: 1, topP: 0.95 },
        maxNewTokens: 3 + 4 * i,
      }),
  );
  await using one = await createWasmDecoder(model, { slots: 1, capacity: 40, workers: 1 });
  const expected = await collect(generateAll(one, requests));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 40 }),
      async (slots, stepsPerCall) => {
        await using many = await createWasmDecoder(model, { slots, capacity: 40, workers: 2 });
        assert.deepEqual(await collect(generateAll(many, requests, { stepsPerCall })), expected);
      },
    ),
    { numRuns: 5 },
  );
  const other = requests.map((own) => ({ ...own, seed: own.seed + 1 }));
  assert.notDeepEqual(await collect(generateAll(one, other)), expected);
});

Deno.test("generateAll() refuses an empty or too long prompt and settings out of range", async () => {
  const refuses = (change: Partial<GenerationRequest>, message: RegExp, options = {}) =>
    assert.rejects(
      collect(generateAll(countingDecoder(1, 4).decoder, [request([1]), request([1], change)], options)),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refuses({ prompt: new Uint32Array() }, /Prompt 2 has 0 tokens, expected 1 to 3/);
  await refuses({ prompt: new Uint32Array(4) }, /Prompt 2 has 4 tokens, expected 1 to 3/);
  await refuses({ maxNewTokens: 0 }, /maxNewTokens is 0/);
  await refuses({ sampling: { temperature: -1 } }, /temperature is -1/);
  await refuses({}, /stepsPerCall is 0.5/, { stepsPerCall: 0.5 });
});
