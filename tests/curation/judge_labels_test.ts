import assert from "node:assert/strict";
import { labelOf } from "../../lib/curation/judge_labels.ts";

Deno.test("labelOf() answers a domain's prompt by the source's domain alone", () => {
  for (const prompt of ["code", "math", "knowledge"] as const) {
    for (const domain of ["code", "math", "knowledge", "mail"] as const) {
      assert.equal(labelOf(prompt, "anything", domain), prompt === domain ? 1 : 0);
    }
    assert.equal(labelOf(prompt, "anything", "other"), null);
  }
});

Deno.test("labelOf() answers the reasoning prompt by words of inference", () => {
  const filler = (words: number) => "word ".repeat(words);
  const label = (text: string) => labelOf("reasoning", text, "knowledge");
  assert.equal(label("All men are mortal; Therefore Socrates is."), 1);
  assert.equal(label(`${filler(100)} for example this`), 1);
  assert.equal(label("Sincere, thusly, becausex, becauses"), 0, "whole words only");
  assert.equal(label(filler(100)), 0);
  assert.equal(label(""), 0);
  // Three in a thousand are enough; fewer say neither.
  assert.equal(label(`because hence thus ${filler(997)}`), 1);
  assert.equal(label(`because hence ${filler(998)}`), null);
  assert.equal(labelOf("reasoning", "because", "mail"), 0);
  assert.equal(labelOf("reasoning", "because", "other"), null);
});

Deno.test("labelOf() looks at the beginning of a huge text, quickly", () => {
  const huge = "because ".repeat(10) + "word ".repeat(2_000_000);
  const started = performance.now();
  assert.equal(labelOf("reasoning", huge, "code"), null);
  assert.ok(performance.now() - started < 500);
});
