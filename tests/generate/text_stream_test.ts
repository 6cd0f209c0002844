import assert from "node:assert/strict";
import fc from "fast-check";
import { TextStream } from "../../lib/generate/text_stream.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";

// Few merges: most characters beyond ASCII take several tokens.
const tokenizer = await openTokenizer("llama3-512");

function pieces(tokens: Iterable<number>): string[] {
  const stream = new TextStream(tokenizer);
  const given = [...tokens].map((token) => stream.push(token));
  return [...given, stream.end()];
}

Deno.test("TextStream gives a character when its last byte has come", () => {
  const tokens = tokenizer.encode("a€b");
  assert.equal(tokens.length, 5);
  assert.deepEqual(pieces(tokens), ["a", "", "", "€", "b", ""]);
});

Deno.test("TextStream shows special tokens by name, and broken bytes in the end", () => {
  const { endOfTurn } = tokenizer.special;
  assert.deepEqual(pieces([endOfTurn]), ["<|eot_id|>", ""]);
  const [first = NaN] = tokenizer.encode("€");
  assert.deepEqual(pieces([first]), ["", "\ufffd"]);
  assert.equal(pieces([first, endOfTurn]).join(""), "\ufffd<|eot_id|>");
});

Deno.test("TextStream's pieces are together what decode() gives, of any tokens", () => {
  const token = fc.integer({ min: 0, max: tokenizer.vocabularySize - 1 });
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
      assert.equal(pieces(tokens).join(""), tokenizer.decode(tokens));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assert.equal(pieces(tokenizer.encode(text)).join(""), text);
  }));
});
