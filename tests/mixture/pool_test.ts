import assert from "node:assert/strict";
import { poolOf } from "../../lib/mixture/pool.ts";
import { inDirectory } from "../core/temporary.ts";
import { concatenated, shardsOf } from "../shards/support.ts";

const TEXTS = ["one", "two and more", "", "four", "five"];

Deno.test("poolOf() has the documents as the shards have them, over several files", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "web", TEXTS, { maxTokensPerShard: 12 });
    const pool = poolOf(shards, null, 1);
    assert.deepEqual(pool.map(({ number }) => number), [0, 1, 2, 3, 4]);
    assert.deepEqual(pool.map(({ tokens }) => [...tokens]), TEXTS.map((text) => concatenated(text)));
    assert.ok(pool.every(({ source }) => source === "web"));
    assert.equal(poolOf(shards, 5, 1).length, 5);
  }));

Deno.test("poolOf() draws a sample by seed, in the order of the shards", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "web", TEXTS);
    const numbers = (seed: number) => poolOf(shards, 2, seed).map(({ number }) => number);
    assert.deepEqual(numbers(1), numbers(1));
    const drawn = Array.from({ length: 20 }, (_, seed) => numbers(seed));
    assert.ok(drawn.every(([a = 9, b = 0]) => a < b));
    assert.equal(new Set(drawn.flat()).size, TEXTS.length);
  }));
