import assert from "node:assert/strict";
import fc from "fast-check";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { UsageError } from "../../lib/core/errors.ts";
import type { Conversation } from "../../lib/shards/conversation_set.ts";
import { packConversations, type PackingOptions, withLossOnPrompts } from "../../lib/shards/conversations.ts";
import { encodeConversation } from "../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";

const options: PackingOptions = {
  ...{ seed: 1, stage: "sft", sequencesPerBatch: 2, epochs: 1 },
  packing: "best fit",
  longer: "cut",
};

/** A conversation of the ids first, first + 1, …, of which the last `answer` are the assistant's. */
const conversation = (first: number, size: number, answer: number): Conversation => ({
  tokens: Uint32Array.from({ length: size }, (_, i) => first + i),
  assistant: Uint8Array.from({ length: size }, (_, i) => i >= size - answer ? 1 : 0),
});

Deno.test("packConversations() fills sequences, weighs the assistant's targets, numbers documents, pads the rest", () => {
  const packed = packConversations([conversation(10, 4, 2), conversation(20, 3, 1)], 7, options);
  assert.deepEqual([packed.sequences, packed.steps, packed.leftOut], [1, 1, 0]);
  const batch: TokenBatch = packed.batch(0);
  assert.deepEqual(batch, {
    sequences: 1,
    length: 7,
    tokens: Uint32Array.of(10, 11, 12, 20, 21, 0, 0),
    targets: Uint32Array.of(11, 12, 13, 21, 22, 0, 0),
    weights: Float32Array.of(0, 1, 1, 0, 1, 0, 0),
    documents: Uint32Array.of(0, 0, 0, 1, 1, 2, 2),
  });
});

Deno.test("packConversations() cuts the end of a longer one, and leaves out what then has nothing to learn", () => {
  const packed = packConversations([conversation(10, 9, 6), conversation(30, 9, 3)], 5, options);
  assert.deepEqual([packed.sequences, packed.leftOut], [1, 1]);
  const { tokens, targets, weights } = packed.batch(0);
  assert.deepEqual([...tokens], [10, 11, 12, 13, 14]);
  assert.deepEqual([...targets], [11, 12, 13, 14, 15]);
  assert.deepEqual([...weights], [0, 0, 1, 1, 1]);
});

Deno.test("packConversations() leaves longer ones out where it is told to", () => {
  const given = [conversation(10, 7, 6), conversation(30, 6, 3)];
  const packed = packConversations(given, 5, { ...options, longer: "leave out" });
  assert.deepEqual([packed.sequences, packed.leftOut], [1, 1]);
  assert.deepEqual([...packed.batch(0).tokens], [30, 31, 32, 33, 34]);
  assert.throws(
    () => packConversations(given.slice(0, 1), 5, { ...options, longer: "leave out" }),
    new UsageError('Stage "sft": none of 1 conversations has an assistant token and at most 6 tokens.'),
  );
});

Deno.test("packConversations() without packing gives each conversation a sequence", () => {
  const given = [conversation(10, 3, 1), conversation(20, 3, 1), conversation(30, 4, 1)];
  const packed = packConversations(given, 7, { ...options, sequencesPerBatch: 3, packing: "none" });
  const rows = Array.from(
    { length: 3 },
    (_, row) => [...packed.batch(0).tokens.subarray(7 * row, 7 * row + 3)],
  );
  assert.deepEqual(rows.sort(), [[10, 11, 0], [20, 21, 0], [30, 31, 32]]);
});

Deno.test("withLossOnPrompts() swaps what counts", () => {
  assert.deepEqual([...withLossOnPrompts(conversation(10, 4, 1)).assistant], [1, 1, 1, 0]);
});

Deno.test("packConversations() fits best, longest first", () => {
  // 6, 5, 4, 3, 2 inputs into sequences of 10: 6 + 4, then 5 + 3 + 2.
  const sizes = [3, 7, 5, 6, 4];
  const packed = packConversations(sizes.map((size, i) => conversation(100 * i, size, 1)), 10, options);
  assert.equal(packed.sequences, 2);
});

Deno.test("batch() holds every conversation once an epoch, whole, and orders each epoch anew", () => {
  const list = fc.array(fc.tuple(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 30 })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(fc.property(list, fc.integer({ min: 1, max: 3 }), fc.nat(), (sizes, epochs, seed) => {
    const conversations = sizes.map(([size, answer], i) => conversation(1000 * (i + 1), size, answer));
    const length = 32;
    const packed = packConversations(conversations, length, { ...options, seed, epochs });
    const seen = new Map<number, number>();
    for (let step = 0; step < packed.steps; step++) {
      const { sequences, tokens, targets, weights, documents } = packed.batch(step);
      for (let at = 0; at < sequences * length; at++) {
        const token = tokens[at] ?? 0;
        if (token === 0) {
          assert.equal(weights[at], 0);
          continue;
        }
        const index = Math.floor(token / 1000) - 1, place = token % 1000;
        const [size = 0, answer = 0] = sizes[index] ?? [];
        assert.equal(targets[at], token + 1);
        assert.equal(weights[at], place + 1 >= size - answer ? 1 : 0);
        if (place === 0) seen.set(index, (seen.get(index) ?? 0) + 1);
        else assert.equal(documents[at], documents[at - 1]);
        // The neighbour belongs to another conversation, or there is none.
        if (place === size - 2 && (at + 1) % length !== 0) {
          assert.equal(documents[at + 1], (documents[at] ?? 0) + 1);
        }
      }
    }
    conversations.forEach((_, i) => assert.equal(seen.get(i), epochs));
  }));
});

Deno.test("batch() depends on the seed and the step alone", () => {
  const conversations = Array.from({ length: 40 }, (_, i) => conversation(100 * i, 6 + i % 5, 2));
  const make = (seed: number) => packConversations(conversations, 10, { ...options, seed, epochs: 2 });
  const packed = make(1);
  const batches = Array.from({ length: packed.steps }, (_, step) => packed.batch(step));
  for (let step = packed.steps - 1; step >= 0; step--) assert.deepEqual(make(1).batch(step), batches[step]);
  assert.notDeepEqual(make(2).batch(0), batches[0]);
  for (const step of [-1, packed.steps, NaN]) assert.throws(() => packed.batch(step), RangeError);
});

Deno.test("batch() of the last step has what is left", () => {
  const conversations = Array.from({ length: 5 }, (_, i) => conversation(100 * i, 6, 2));
  const packed = packConversations(conversations, 5, { ...options, epochs: 1 });
  assert.deepEqual(Array.from({ length: 3 }, (_, step) => packed.batch(step).sequences), [2, 2, 1]);
});

Deno.test("checkState() accepts its own state and refuses other conversations, epochs or seeds", () => {
  const conversations = [conversation(10, 4, 2), conversation(20, 3, 1)];
  const packed = packConversations(conversations, 7, options);
  packed.checkState(JSON.parse(JSON.stringify(packed.state(1))));
  const others: [string, Conversation[], Partial<PackingOptions>][] = [
    ["conversations", [conversation(10, 4, 1), conversation(20, 3, 1)], {}],
    ["epochs", conversations, { epochs: 2 }],
    ["seed", conversations, { seed: 2 }],
    ["sequencesPerBatch", conversations, { sequencesPerBatch: 1 }],
    ["packing", conversations, { packing: "none" }],
    ["longer", conversations, { longer: "leave out" }],
  ];
  for (const [name, list, changed] of others) {
    const { fingerprint, ...state } = packConversations(list, 7, { ...options, ...changed }).state(0);
    assert.throws(
      () => packed.checkState({ fingerprint, ...state }),
      (error: Error) =>
        error instanceof UsageError && error.message.startsWith(`The saved state has ${name} `),
    );
  }
});

Deno.test("packConversations() refuses conversations without anything to learn, and sizes that are none", () => {
  assert.throws(
    () => packConversations([conversation(10, 4, 0)], 7, options),
    new UsageError('Stage "sft": none of 1 conversations has an assistant token in its first 8 tokens.'),
  );
  assert.throws(
    () => packConversations([conversation(10, 4, 1)], 7, { ...options, epochs: 0 }),
    new UsageError('Stage "sft": epochs is 0, expected a positive whole number.'),
  );
});

Deno.test("packConversations() takes what encodeConversation() gives", async () => {
  const tokenizer = await openTokenizer("llama3-4096");
  const encoded = encodeConversation([{ role: "user", content: "2 + 2?" }, {
    role: "assistant",
    content: "4",
  }], tokenizer);
  const { targets, weights } = packConversations([encoded], 64, options).batch(0);
  assert.equal(tokenizer.decode(targets.filter((_, i) => weights[i] === 1)), "4<|eot_id|>");
});
