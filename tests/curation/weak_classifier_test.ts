import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { labelsByDomain, trainWeakClassifier, WEAK_CLASSIFIER } from "../../lib/curation/weak_classifier.ts";
import type { Document } from "../../lib/sources/document.ts";
import { documentOf } from "./documents.ts";

const LABELS = labelsByDomain({ inbox: "mail", lessons: "math", whatever: "other" });

/** Texts of two kinds that share half of their words. */
async function* mixed(count: number): AsyncGenerator<Document> {
  const random = Random.of(1, "mixed");
  for (let i = 0; i < count; i++) {
    const mail = i % 4 === 0;
    const words = Array.from({ length: 30 }, (_, j) => {
      const draw = random.below(30 * i + j, 100);
      return draw < 80 ? `common${draw}` : mail ? `offer${draw}` : `theorem${draw}`;
    });
    yield await Promise.resolve(documentOf(words.join(" "), mail ? "inbox" : "lessons"));
  }
}

Deno.test("trainWeakClassifier() learns what tells the classes apart, and reports it on documents it has not seen", async () => {
  const { scorer, report } = await trainWeakClassifier(mixed(1000), LABELS);
  assert.ok(report.auc > 0.98 && report.accuracy > 0.93, JSON.stringify(report));
  assert.ok(Math.abs(report.majority - 0.75) < 0.06);
  assert.equal(report.trainingDocuments + report.heldOutDocuments, 1000);
  const [lesson, mail, none] = await scorer.score(
    ["theorem80 common1 theorem95 common2", "offer80 common1 offer95", "?!"].map((text) => documentOf(text)),
  );
  assert.ok(lesson! > 3.5 && lesson! <= 5 && mail! < 1.5 && mail! >= 0, `${lesson}, ${mail}`);
  assert.equal(none, null);
  assert.match(
    scorer.provenance,
    /^Logistic regression [0-9a-f]{16} on weak labels by source \(mail 0; code, math, knowledge 1\), \d+ documents; held-out accuracy 0\.\d+, AUC [01]\.\d+$/,
  );
});

Deno.test("trainWeakClassifier() reports chance where there is nothing to learn", async () => {
  const labels = {
    description: "a coin",
    labelOf: ({ id }: Document) => parseInt(id[0]!, 16) < 8 ? 0 as const : 1 as const,
  };
  const { report } = await trainWeakClassifier(mixed(1000), labels);
  assert.ok(Math.abs(report.auc - 0.5) < 0.15, `${report.auc}`);
});

Deno.test("trainWeakClassifier() gives the same bits again, and keeps its sample within bounds", async () => {
  const settings = { ...WEAK_CLASSIFIER, maxDocuments: 200 };
  const documents = [
    documentOf("theorem80 common3 common4"),
    documentOf("offer90 " + "word ".repeat(2_000_000)),
  ];
  const runs = await Promise.all([1, 1, 2].map(async (seed) => {
    const { scorer, report } = await trainWeakClassifier(mixed(800), LABELS, { ...settings, seed });
    assert.equal(report.trainingDocuments, 200);
    return scorer.score(documents);
  }));
  assert.deepEqual(runs[0], runs[1]);
  assert.notDeepEqual(runs[0], runs[2]);
});

Deno.test("trainWeakClassifier() needs documents of both classes", async () => {
  async function* lessons() {
    for await (const document of mixed(100)) if (document.source === "lessons") yield document;
  }
  await assert.rejects(trainWeakClassifier(lessons(), LABELS), {
    name: "UsageError",
    message:
      /^Weak labels \(mail 0; code, math, knowledge 1\): of \d+ documents trained on, \d+ have label 1, expected some of each class\.$/,
  });
});

Deno.test("labelsByDomain() says nothing of sources it does not know", () => {
  assert.deepEqual(
    ["inbox", "lessons", "whatever", "unknown"].map((source) => LABELS.labelOf(documentOf("a", source))),
    [0, 1, null, null],
  );
});
