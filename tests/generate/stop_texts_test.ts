import assert from "node:assert/strict";
import fc from "fast-check";
import { stopAtText } from "../../lib/generate/stop_texts.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";

const tokenizer = await openTokenizer("llama3-512");

Deno.test("stopAtText() is true from the first token on that completes a stop text, across tokens and characters", () => {
  const piece = fc.constantFrom("a", "ab", "é", "\n", "Q", "Q:", " the");
  const text = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(fc.property(text, fc.array(text, { minLength: 1, maxLength: 3 }), (written, stop) => {
    const stopAfter = stopAtText(tokenizer, stop);
    const ids = tokenizer.encode(written);
    const first = [...ids].findIndex((token) => stopAfter(token));
    const expected = [...ids].findIndex((_, i) => {
      const text = tokenizer.decode(ids.subarray(0, i + 1));
      return stop.some((end) => text.includes(end));
    });
    assert.equal(first, expected);
  }));
});
