import assert from "node:assert/strict";
import { SYNTHETIC_WORDS, syntheticText } from "../../lib/curation/synthetic.ts";

const TEXTS = Array.from({ length: 1000 }, (_, i) => syntheticText(i));

Deno.test("syntheticText() repeats one document in twenty, and one nearly", () => {
  assert.equal(new Set(TEXTS).size, 1000 - 49);
  const words = (number: number) => TEXTS[number]!.split(" ");
  const different = words(10).filter((word, i) => word !== words(9)[i]);
  assert.ok(different.length > 0 && different.length <= 3, `${different.length}`);
});

Deno.test("syntheticText() has a hundred words whose frequencies fall as in text", () => {
  const counts = new Map<string, number>();
  for (const text of TEXTS) {
    const words = text.slice(0, -1).split(" ");
    assert.equal(words.length, SYNTHETIC_WORDS);
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const [first = 0, tenth = 0, hundredth = 0] = [sorted[0], sorted[9], sorted[99]];
  assert.ok(
    first / tenth > 4 && first / tenth < 25 && tenth / hundredth > 5 && tenth / hundredth < 20,
    `${sorted.slice(0, 100)}`,
  );
  assert.ok(counts.size > 10_000);
});
