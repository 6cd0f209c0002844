import assert from "node:assert/strict";
import { RunError } from "../../lib/core/errors.ts";
import { LLAMA3_RANKS, readLlama3Ranks } from "../../lib/tokenizer/ranks.ts";

Deno.test("readLlama3Ranks() begins with the 256 bytes, each once", async () => {
  const bytes = await readLlama3Ranks(256);
  assert.deepEqual(bytes.toSorted(), Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)));
  assert.equal(bytes[0], "!");
});

Deno.test("readLlama3Ranks() gives byte strings in rank order, each once", async () => {
  const ranks = await readLlama3Ranks(LLAMA3_RANKS);
  assert.equal(ranks.length, 128_000);
  assert.equal(new Set(ranks).size, 128_000);
  assert.deepEqual([ranks[256], ranks[279], ranks[16]], ["  ", " the", "1"]);
  assert.ok(ranks.every((token) => /^[\0-\xff]+$/.test(token)));
});

Deno.test("readLlama3Ranks() gives a prefix for a smaller count", async () => {
  assert.deepEqual(await readLlama3Ranks(1000), (await readLlama3Ranks(2000)).slice(0, 1000));
});

Deno.test("readLlama3Ranks() refuses more ranks than there are", async () => {
  await assert.rejects(readLlama3Ranks(LLAMA3_RANKS + 1), RunError);
});
