import assert from "node:assert/strict";
import { loadEducationClassifier } from "../../lib/curation/education_classifier.ts";
import type { Scorer } from "../../lib/curation/scorer.ts";
import { inThreads } from "../../lib/curation/scorer_threads.ts";
import { syntheticText } from "../../lib/curation/synthetic.ts";
import { trainWeakClassifier } from "../../lib/curation/weak_classifier.ts";
import type { Document } from "../../lib/sources/document.ts";
import { documentOf } from "./documents.ts";
import { DIRECTORY, golden } from "./education_fixture.ts";

async function* corpus(count: number): AsyncGenerator<Document> {
  for (let i = 0; i < count; i++) {
    yield await Promise.resolve(documentOf(i % 50 === 49 ? "?!" : syntheticText(i)));
  }
}

async function weakScorer(): Promise<Scorer> {
  const labels = {
    description: "by hash",
    labelOf: ({ id }: Document) => parseInt(id[0] ?? "", 16) < 8 ? 0 : 1,
  } as const;
  return (await trainWeakClassifier(corpus(400), labels)).scorer;
}

Deno.test("inThreads() gives a weak classifier's scores, bit by bit, whatever threads and documents", async () => {
  const scorer = await weakScorer();
  const documents = await Array.fromAsync(corpus(1300));
  for (const threads of [1, 2, 3]) {
    await using parallel = inThreads(scorer, threads);
    assert.deepEqual([parallel.name, parallel.provenance], [scorer.name, scorer.provenance]);
    assert.equal(parallel.batchSize, threads * scorer.batchSize);
    for (const count of [0, 1, 256, 257, 1300]) {
      const some = documents.slice(0, count);
      assert.deepEqual(await parallel.score(some), await scorer.score(some));
    }
  }
});

Deno.test("inThreads() gives the education classifier's scores, bit by bit", async () => {
  const scorer = await loadEducationClassifier(DIRECTORY);
  const documents = [...golden, ...golden, ...golden].map(({ text }) => documentOf(text));
  await using parallel = inThreads(scorer, 2);
  assert.deepEqual(await parallel.score(documents), await scorer.score(documents));
});

Deno.test("inThreads() says in one sentence what a thread could not do, stops on the signal, leaves others alone", async () => {
  const scorer = await weakScorer();
  {
    await using broken = inThreads({ ...scorer, portable: { kind: "bert", directory: "/nowhere" } }, 2);
    await assert.rejects(broken.score([documentOf("a")]), {
      name: "RunError",
      message: /^A thread of the scorer education failed: .*\/nowhere/,
    });
  }
  await using parallel = inThreads(scorer, 2);
  await assert.rejects(parallel.score([documentOf("a")], AbortSignal.abort(new Error("stopped"))), /stopped/);
  const { portable: _, ...alone } = scorer;
  await using same = inThreads(alone, 2);
  assert.equal(same.score, alone.score);
});
