import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { clozeItems, type ClozeSettings, type ClozeText } from "../../lib/eval/cloze.ts";

const SETTINGS: ClozeSettings = { questions: 3, contextWords: 3, choiceWords: 2, choices: 2, seed: 1 };

function textsOf(source: string, count: number, words = 6): ClozeText[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${source}${i}`,
    source,
    text: Array.from({ length: words }, (_, word) => `${source}${i}w${word}`).join(" "),
  }));
}

Deno.test("clozeItems() has the text's own words as the right choice, and the same words in other orders", () => {
  const items = clozeItems([...textsOf("a", 4), ...textsOf("b", 2)], SETTINGS);
  assert.deepEqual(items.map(({ id, group }) => [id, group]), [
    ...[["a0", "a"], ["a1", "a"], ["a2", "a"], ["b0", "b"], ["b1", "b"]],
  ]);
  for (const { id, contexts, choices, gold } of items) {
    assert.equal(contexts[0], `${id}w0 ${id}w1 ${id}w2`);
    assert.equal(choices[gold], `${id}w3 ${id}w4`);
    assert.equal(choices[1 - gold], `${id}w4 ${id}w3`);
  }
});

Deno.test("clozeItems() is the same for the same seed; right choices stand everywhere", () => {
  const texts = textsOf("a", 60, 8);
  const settings = { ...SETTINGS, questions: 60, choiceWords: 5, choices: 4 };
  const items = clozeItems(texts, settings);
  assert.deepEqual(clozeItems(texts, settings), items);
  for (const { choices } of items) assert.equal(new Set(choices).size, 4);
  const places = [0, 1, 2, 3].map((place) => items.filter(({ gold }) => gold === place).length);
  assert.ok(Math.min(...places) >= 5, `places ${places}`);
});

Deno.test("clozeItems() leaves out short texts, and words that have one order", () => {
  const alike = textsOf("a", 2).map((text) => ({ ...text, text: "x y z same same" }));
  assert.throws(
    () => clozeItems([...alike, ...textsOf("b", 3, 4)], SETTINGS),
    (error) => error instanceof UsageError && /No text has 5 words/.test(error.message),
  );
});
