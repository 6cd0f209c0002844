import assert from "node:assert/strict";
import fc from "fast-check";
import { splitText } from "../../lib/sources/split.ts";

Deno.test("splitText() prefers blank lines, then line ends, then spaces", () => {
  assert.deepEqual(splitText("aaaaa\n\nb\ncc", 10), ["aaaaa\n\n", "b\ncc"]);
  assert.deepEqual(splitText("aaaaaa\nbb cc", 10), ["aaaaaa\n", "bb cc"]);
  assert.deepEqual(splitText("aaaaaa bbbbbb", 10), ["aaaaaa ", "bbbbbb"]);
  assert.deepEqual(splitText("aaaaaaaaaaaa", 10), ["aaaaaaaaaa", "aa"]);
  assert.deepEqual(splitText("short", Infinity), ["short"]);
});

Deno.test("splitText() gives parts within the limit that join to the text, and no half characters", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 400 }),
      fc.integer({ min: 4, max: 50 }),
      (text, limit) => {
        const parts = splitText(text, limit);
        assert.equal(parts.join(""), text);
        assert.ok(parts.every((part) => part.length <= limit && part.isWellFormed()));
      },
    ),
  );
});
