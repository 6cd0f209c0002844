import assert from "node:assert/strict";
import { fillRow, newBatch, windowsOf } from "../../lib/shards/window.ts";
import { shardsOf } from "./support.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("windowsOf() counts whole windows, each with its last target", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "letters", ["abc", "def"]);
    // 10 tokens: two windows of 4 need 9, two of 5 would need 11.
    assert.deepEqual([1, 4, 5, 9, 10].map((length) => windowsOf(shards, length)), [9, 2, 1, 1, 0]);
  }));

Deno.test("fillRow() reads the last window up to the last token", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "letters", ["abc", "de"]);
    const batch = newBatch(2, 4);
    fillRow(batch, 1, shards, 1);
    const [d, e] = [100, 101];
    assert.deepEqual([...batch.tokens], [0, 0, 0, 0, 2, 1, d, e]);
    assert.deepEqual([...batch.targets], [0, 0, 0, 0, 1, d, e, 2]);
    assert.deepEqual([...batch.documents], [0, 0, 0, 0, 0, 1, 1, 1]);
  }));
