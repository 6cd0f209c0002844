import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { type Pieces, plantedCorpus, readPieces, shuffleWords } from "../../../lib/mixture/planted/corpus.ts";

/** 10 documents of 4 pieces for each domain. */
const pieces = (domain: string) =>
  Array.from({ length: 10 }, (_, d) => Array.from({ length: 4 }, (_, i) => `${domain} ${d} ${i} a b c d`));
const PIECES: Pieces = {
  code: pieces("code"),
  math: pieces("math"),
  knowledge: pieces("knowledge"),
  mail: pieces("mail"),
};
const SIZES = { documents: 8, probeDocuments: 6 };

/** Which of a domain's documents a piece came from. */
const numberOf = (text: string) => text.split(" ")[1];

Deno.test("plantedCorpus() draws equally from every source, probes from other documents", () => {
  const { probes, candidates, copy } = plantedCorpus(PIECES, 1, SIZES);
  const counts = Map.groupBy(candidates, ({ source }) => source);
  assert.deepEqual([...counts.keys()], [
    "code",
    "code-shuffled",
    "math",
    "math-shuffled",
    "knowledge",
    "knowledge-shuffled",
    "mail",
  ]);
  for (const documents of counts.values()) {
    assert.equal(documents.length, 8);
    assert.equal(new Set(documents.map(({ id }) => id)).size, 8);
  }
  for (const domain of ["code", "math", "knowledge"] as const) {
    assert.equal(probes[domain].length, 6);
    const own = new Set(counts.get(domain)?.map(({ text }) => numberOf(text)));
    assert.ok(probes[domain].every((text) => text.startsWith(domain) && !own.has(numberOf(text))));
  }
  assert.deepEqual([copy.of, copy.source], ["math", "math-copy"]);
  assert.deepEqual(copy.documents.map(({ id }) => id), counts.get("math")?.map(({ id }) => id));
});

Deno.test("plantedCorpus() is the same for a seed and another for another", () => {
  assert.deepEqual(plantedCorpus(PIECES, 1, SIZES), plantedCorpus(PIECES, 1, SIZES));
  assert.notDeepEqual(plantedCorpus(PIECES, 1, SIZES), plantedCorpus(PIECES, 2, SIZES));
});

Deno.test("plantedCorpus() refuses a source with too little text", () => {
  assert.throws(() => plantedCorpus(PIECES, 1, { ...SIZES, documents: 21 }), {
    name: "UsageError",
    message: 'Planted truth: source "three" has 20 pieces, expected at least 21.',
  });
});

Deno.test("readPieces() cuts real text of every domain", async () => {
  for (const documents of Object.values(await readPieces(160))) {
    const texts = documents.flat();
    assert.ok(texts.length > 500, `${texts.length} pieces`);
    assert.ok(texts.every((text) => text.length <= 160 && text.trim().length >= 80));
  }
});

Deno.test("shuffleWords() keeps every word and every gap", () => {
  const text = "  for (let i = 0;\n    i < n; i++) {\n\tsum += i;\n}\n";
  const shuffled = shuffleWords(text, Random.of(1, "test"));
  assert.notEqual(shuffled, text);
  assert.deepEqual(shuffled.match(/\s+/g), text.match(/\s+/g));
  assert.deepEqual(shuffled.match(/\S+/g)?.sort(), text.match(/\S+/g)?.sort());
});
