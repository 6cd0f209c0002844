import assert from "node:assert/strict";
import fc from "fast-check";
import { BytePairEncoder } from "../../lib/tokenizer/byte_pair.ts";

/** The definition: merge the leftmost pair of lowest rank until none is left. */
function encodeByDefinition(bytes: string, tokens: readonly string[]): number[] {
  const rank = (text: string) => tokens.indexOf(text);
  if (rank(bytes) >= 0) return [rank(bytes)];
  const symbols = [...bytes];
  for (;;) {
    const ranks = symbols.slice(1).map((symbol, i) => rank(`${symbols[i]}${symbol}`));
    const best = Math.min(...ranks.filter((r) => r >= 0));
    if (best === Infinity) return symbols.map(rank);
    const place = ranks.indexOf(best);
    symbols.splice(place, 2, `${symbols[place]}${symbols[place + 1]}`);
  }
}

Deno.test("encode() merges the lowest rank first, the leftmost of equals first", () => {
  const encoder = new BytePairEncoder(["a", "b", "c", "bc", "ab", "aa"]);
  assert.deepEqual(encoder.encode("abc"), [0, 3]);
  assert.deepEqual(encoder.encode("aaa"), [5, 0]);
  assert.deepEqual(encoder.encode("aaaa"), [5, 5]);
  assert.deepEqual(encoder.encode(""), []);
});

Deno.test("encode() takes a piece that is a token whole, though no merge reaches it", () => {
  const encoder = new BytePairEncoder(["a", "b", "c", "abc"]);
  assert.deepEqual(encoder.encode("abc"), [3]);
  assert.deepEqual(encoder.encode("abca"), [0, 1, 2, 0]);
});

Deno.test("encode() equals the definition for any ranks and bytes", () => {
  const letters = fc.constantFrom("a", "b", "c");
  const token = fc.array(letters, { minLength: 2, maxLength: 5 }).map((list) => list.join(""));
  fc.assert(
    fc.property(
      fc.uniqueArray(token, { maxLength: 30 }),
      fc.array(letters, { maxLength: 40 }).map((list) => list.join("")),
      (merges, bytes) => {
        const tokens = ["a", "b", "c", ...merges];
        assert.deepEqual(new BytePairEncoder(tokens).encode(bytes), encodeByDefinition(bytes, tokens));
      },
    ),
    { numRuns: 1000 },
  );
});
