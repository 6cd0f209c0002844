import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import {
  type Conversation,
  conversationsInMemory,
  openConversations,
  writeConversations,
} from "../../lib/shards/conversation_set.ts";
import { packConversations } from "../../lib/shards/conversations.ts";
import { inDirectory } from "../core/temporary.ts";

const TOKENIZER = { name: "any" };

/** Conversations of any ids and masks. */
const conversations = fc.array(
  fc.array(fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(1)), { minLength: 1, maxLength: 9 }).map((
    tokens,
  ): Conversation => ({
    tokens: Uint32Array.from(tokens, ([id]) => id),
    assistant: Uint8Array.from(tokens, ([, flag]) => flag),
  })),
  { minLength: 1, maxLength: 8 },
);

async function* stream<T>(items: readonly T[]) {
  yield* items;
}

Deno.test("openConversations() gives what writeConversations() got", () =>
  inDirectory(async (directory) => {
    await fc.assert(
      fc.asyncProperty(conversations, async (given) => {
        await writeConversations(directory, stream(given), TOKENIZER, { source: "a" });
        using stored = await openConversations(directory);
        const memory = conversationsInMemory(given);
        assert.equal(stored.count, given.length);
        for (const [i, conversation] of given.entries()) {
          assert.deepEqual(stored.read(i), conversation);
          assert.equal(stored.length(i), conversation.tokens.length);
          assert.equal(stored.firstAnswer(i), memory.firstAnswer(i));
        }
      }),
      { numRuns: 30 },
    );
  }));

Deno.test("packed batches are the same from disk as from memory", () =>
  inDirectory(async (directory) => {
    const given = Array.from({ length: 40 }, (_, i): Conversation => ({
      tokens: Uint32Array.from({ length: 3 + 5 * i % 23 }, (_, t) => 100 * i + t),
      assistant: Uint8Array.from({ length: 3 + 5 * i % 23 }, (_, t) => t % 3 === 2 ? 1 : 0),
    }));
    await writeConversations(directory, stream(given), TOKENIZER, { source: "a" });
    using stored = await openConversations(directory);
    const options = { seed: 1, stage: "sft", sequencesPerBatch: 2, epochs: 2 } as const;
    for (const packing of ["best fit", "none"] as const) {
      const [a, b] = [given, stored].map((set) =>
        packConversations(set, 16, { ...options, packing, longer: "cut" })
      );
      assert.ok(a !== undefined && b !== undefined && a.steps === b.steps && a.leftOut === b.leftOut);
      for (let step = 0; step < a.steps; step++) assert.deepEqual(a.batch(step), b.batch(step));
    }
  }));

Deno.test("conversationsInMemory() finds the first answer that something stands before", () => {
  const set = conversationsInMemory([[1, 0, 0, 1], [1, 0, 0], [0, 1]].map((assistant) => ({
    tokens: new Uint32Array(assistant.length),
    assistant: Uint8Array.from(assistant),
  })));
  assert.deepEqual([0, 1, 2].map((i) => set.firstAnswer(i)), [3, Infinity, 1]);
});

Deno.test("a set's fingerprint changes with a token and with a mask", () => {
  const of = (token: number, flag: number) =>
    conversationsInMemory([{ tokens: Uint32Array.of(1, token), assistant: Uint8Array.of(0, flag) }])
      .fingerprint;
  assert.equal(new Set([of(2, 1), of(3, 1), of(2, 0)]).size, 3);
});

Deno.test("writeConversations() refuses none", () =>
  inDirectory(async (directory) => {
    await assert.rejects(writeConversations(directory, stream([]), TOKENIZER, { source: "a" }), UsageError);
  }));
