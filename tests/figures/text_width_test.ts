import assert from "node:assert/strict";
import fc from "fast-check";
import { textWidth, truncate, wrap } from "../../lib/figures/text_width.ts";

Deno.test("textWidth() grows with the size and knows narrow, wide and combining characters", () => {
  assert.equal(textWidth("", 12), 0);
  assert.equal(textWidth("code", 24), 2 * textWidth("code", 12));
  assert.ok(textWidth("ill", 12) < textWidth("ace", 12));
  assert.ok(textWidth("WWW", 12) > textWidth("ace", 12));
  assert.ok(textWidth("数学", 12) > textWidth("ab", 12));
  assert.equal(textWidth("e\u0301", 12), textWidth("e", 12));
});

Deno.test("truncate() keeps within the limit, or keeps the text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 20, max: 200 }), (text, limit) => {
    const result = truncate(text, limit, 12);
    assert.ok(textWidth(result, 12) <= limit);
    if (textWidth(text, 12) <= limit) assert.equal(result, text);
    else assert.ok(result.endsWith("…") && text.startsWith(result.slice(0, -1)));
  }));
});

Deno.test("wrap() breaks at spaces", () => {
  assert.deepEqual(wrap("Pretraining, phase 1", 90, 13), ["Pretraining,", "phase 1"]);
  assert.deepEqual(wrap("Pretraining, phase 1", 400, 13), ["Pretraining, phase 1"]);
  assert.deepEqual(wrap("", 90, 13), [""]);
});

Deno.test("wrap() loses no word that fits", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(words, (words) => {
    const lines = wrap(words.join(" "), 100, 12);
    assert.deepEqual(lines.join(" ").split(" "), words);
    assert.ok(lines.every((line) => textWidth(line, 12) <= 100));
  }));
});
