import assert from "node:assert/strict";
import { loadEducationClassifier } from "../../lib/curation/education_classifier.ts";
import { documentOf } from "./documents.ts";
import { DIRECTORY, golden } from "./education_fixture.ts";

Deno.test("loadEducationClassifier() gives transformers' scores", async () => {
  const classifier = await loadEducationClassifier(DIRECTORY);
  const documents = golden.map(({ text }) => documentOf(text));
  const scores = await classifier.score(documents);
  golden.forEach(({ score, text }, i) =>
    assert.ok(Math.abs(scores[i]! - score) < 1e-4, `${text.slice(0, 40)}: ${scores[i]}, expected ${score}`)
  );
  assert.match(classifier.provenance, /^BertForSequenceClassification [0-9a-f]{16}, first 512 tokens$/);
});

Deno.test("loadEducationClassifier() takes any string", async () => {
  const classifier = await loadEducationClassifier(DIRECTORY);
  const texts = ["\ud800 lone", "\0", "word ".repeat(2_000_000)];
  for (const score of await classifier.score(texts.map((text) => documentOf(text)))) {
    assert.ok(Number.isFinite(score));
  }
});
