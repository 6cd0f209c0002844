import assert from "node:assert/strict";
import { fitHashedEmbedding } from "../../lib/curation/embedding.ts";
import { uniqueWords } from "./documents.ts";

function cosine(vectors: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < 256; i++) sum += vectors[a * 256 + i]! * vectors[b * 256 + i]!;
  return sum;
}

Deno.test("fitHashedEmbedding() keeps the cosines of TF-IDF vectors", async () => {
  // Unique words have one rarity, so two texts that share k of n words have cosine k/n.
  const texts = Array.from({ length: 50 }, (_, i) => uniqueWords(i, 100));
  const embedding = await fitHashedEmbedding(texts.map((words) => words.join(" ")), 1);
  for (const shared of [0, 50, 90]) {
    let sum = 0;
    for (const [i, words] of texts.entries()) {
      const other = [...words.slice(0, shared), ...uniqueWords(1000 + i, 100 - shared)].join(" ");
      sum += cosine(await embedding.embed([words.join(" "), other]), 0, 1);
    }
    // New words are rarer than the corpus's; the mean of 50 is within .03.
    assert.ok(Math.abs(sum / 50 - shared / 100) < 0.05, `${shared}: ${sum / 50}`);
  }
});

Deno.test("fitHashedEmbedding() makes rare words weigh more", async () => {
  const corpus = Array.from({ length: 40 }, (_, i) => `the of and ${uniqueWords(i, 3).join(" ")}`);
  const embedding = await fitHashedEmbedding(corpus, 1);
  const [rare = "", common = ""] = [uniqueWords(0, 3).join(" "), "the of and"];
  const vectors = await embedding.embed([`${rare} ${common}`, rare, common]);
  assert.ok(cosine(vectors, 0, 1) > cosine(vectors, 0, 2) + 0.3);
});

Deno.test("fitHashedEmbedding() gives unit vectors, zeros for a text without words, and the same bits again", async () => {
  const texts = ["a b c", "a a a b", "!"];
  const vectors = await (await fitHashedEmbedding(texts, 7)).embed(texts);
  assert.ok(Math.abs(cosine(vectors, 0, 0) - 1) < 1e-6);
  assert.equal(cosine(vectors, 2, 2), 0);
  assert.deepEqual(await (await fitHashedEmbedding(texts, 7)).embed(texts), vectors);
  assert.notDeepEqual(await (await fitHashedEmbedding(texts, 8)).embed(texts), vectors);
  await assert.rejects(fitHashedEmbedding([], 1), { name: "UsageError", message: /corpus is empty/ });
});
