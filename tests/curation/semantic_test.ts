import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../lib/core/random.ts";
import { DisjointSets } from "../../lib/curation/clusters.ts";
import { fitHashedEmbedding, normalise } from "../../lib/curation/embedding.ts";
import { cosineClusters, findSemanticDuplicates } from "../../lib/curation/semantic.ts";
import { documentOf, streamOf, uniqueWords } from "./documents.ts";

Deno.test("cosineClusters() equals comparing every pair", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0.3, max: 0.99, noNaN: true }),
      (seed, dimensions, threshold) => {
        // More than one block of rows.
        const rows = 300;
        const vectors = new Float32Array(rows * dimensions);
        Random.of(seed).fillNormal(vectors, 1);
        const row = (i: number) => vectors.subarray(i * dimensions, (i + 1) * dimensions);
        for (let i = 0; i < rows; i++) normalise(row(i));
        const sets = new DisjointSets(rows);
        for (let a = 0; a < rows; a++) {
          for (let b = a + 1; b < rows; b++) {
            const cosine = row(a).reduce((sum, value, i) => sum + value * row(b)[i]!, 0);
            if (cosine >= threshold - 1e-6) sets.join(a, b);
          }
        }
        assert.deepEqual(cosineClusters(vectors, dimensions, threshold), sets.roots());
      },
    ),
    { numRuns: 10 },
  );
});

Deno.test("cosineClusters() joins equal vectors at a threshold of 1, and never a vector of zeros", () => {
  const vectors = Float32Array.of(0.6, 0.8, 0.6, 0.8, 0, 0, 0, 0);
  assert.deepEqual([...cosineClusters(vectors, 2, 1)], [0, 0, 2, 3]);
  for (const threshold of [0, -1, 1.1, NaN]) {
    assert.throws(() => cosineClusters(vectors, 2, threshold), {
      name: "UsageError",
      message: /cosine threshold is/,
    });
  }
});

Deno.test("findSemanticDuplicates() finds a text with its sentences in another order", async () => {
  const words = uniqueWords(1, 60);
  const texts = [
    words.join(" "),
    uniqueWords(2, 60).join(" "),
    [...words.slice(30), ...words.slice(0, 28), "and", "more"].join(" "),
  ];
  const embedding = await fitHashedEmbedding(texts, 1);
  const [first, , last] = texts.map((text) => documentOf(text).id);
  assert.deepEqual(await findSemanticDuplicates(streamOf(texts), embedding, 0.85), [
    { id: last, source: "own", keptId: first, keptSource: "own" },
  ]);
  const scored = await findSemanticDuplicates(
    streamOf(texts),
    embedding,
    0.85,
    ({ id }) => id === last ? 2 : 1,
  );
  assert.deepEqual(scored.map(({ id }) => id), [first]);
  assert.deepEqual(await findSemanticDuplicates(streamOf([]), embedding, 0.85), []);
});
