import assert from "node:assert/strict";
import { type Catalog, openCatalog } from "../../lib/catalog/catalog.ts";
import { ENGINES } from "../../lib/catalog/engine.ts";
import type { Scorer } from "../../lib/curation/scorer.ts";
import { Survivors } from "../../lib/curation/survivors.ts";

const scorer = (name: string, provenance = "p"): Scorer => ({
  name,
  provenance,
  batchSize: 1,
  noScore: "",
  score: () => Promise.resolve([]),
});

const A = scorer("a"), B = scorer("b");

/** Documents 0 … 9 of one source and 0, 10 of another; A scores the first source by the number. */
async function prepare(catalog: Catalog): Promise<Survivors> {
  const row = (id: number, source: string) => ({ id: String(id), source, tokens: 10 });
  await catalog.insert("documents", [
    ...Array.from({ length: 10 }, (_, i) => row(i, "one")),
    row(0, "it's two"),
    row(10, "it's two"),
  ]);
  await catalog.insert("scores", [
    ...Array.from({ length: 9 }, (_, i) => ({ id: String(i), scorer: "a", score: i / 10, provenance: "p" })),
    { id: "9", scorer: "a", score: 99, provenance: "another" },
    { id: "2", scorer: "b", score: 0.95, provenance: "p" },
  ]);
  return Survivors.open(catalog, ["one", "it's two"]);
}

const list = async (survivors: Survivors, source = "one") => [...await survivors.ids(source)].sort();

for (const engine of ENGINES) {
  Deno.test(`Survivors keeps by score: above, and the best share (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    const survivors = await prepare(catalog);
    assert.deepEqual(await survivors.remainder("one"), { documents: 10, tokens: 100 });
    assert.deepEqual(await survivors.keepAbove("one", A, 1), { scored: 9, kept: 0, lowest: null });
    assert.equal((await survivors.remainder("one")).documents, 10, "none above changes nothing");
    assert.deepEqual(await survivors.keepAbove("one", A, 0.1), { scored: 9, kept: 7, lowest: 0.2 });
    assert.deepEqual(await list(survivors), ["2", "3", "4", "5", "6", "7", "8"]);
    // The best third of seven are three; B's score of 2 is the highest of all.
    assert.deepEqual(await survivors.keepTop("one", [A, B], 1 / 3), { scored: 7, kept: 3, lowest: 0.7 });
    assert.deepEqual(await list(survivors), ["2", "7", "8"]);
    assert.deepEqual(await survivors.scores(A), new Map([["2", 0.2], ["7", 0.7], ["8", 0.8], ["0", 0]]));
    assert.deepEqual(await list(survivors, "it's two"), ["0", "10"], "other sources are left alone");
  });

  Deno.test(`Survivors keeps a random sample, the same on both engines (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    const survivors = await prepare(catalog);
    await survivors.keepSample("one", 20, 1);
    assert.equal((await survivors.remainder("one")).documents, 10);
    await survivors.keepSample("one", 3, 1);
    assert.deepEqual(await list(survivors), ["2", "3", "7"]);
    assert.deepEqual(await list(survivors, "it's two"), ["0", "10"]);
  });

  Deno.test(`Survivors drops duplicates and saves what is left (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    const survivors = await prepare(catalog);
    await survivors.dropExactDuplicates();
    assert.deepEqual(await list(survivors, "it's two"), ["10"]);
    await survivors.drop(["5", "6"]);
    await survivors.drop([]);
    await survivors.keepBest(A, 3);
    assert.deepEqual(await list(survivors), ["4", "7", "8"]);
    await survivors.save();
    assert.deepEqual((await catalog.query("SELECT * FROM representatives")).objects(), [
      { id: "4", source: "one" },
      { id: "7", source: "one" },
      { id: "8", source: "one" },
      { id: "10", source: "it's two" },
    ]);
    await assert.rejects(catalog.query("SELECT * FROM survivors"), { name: "UsageError" });
  });
}

Deno.test("Survivors keeps all of equal scores, one of one, and none without scores", async () => {
  await using catalog = await openCatalog({ engine: "native" });
  await catalog.insert("documents", [
    ...Array.from({ length: 30 }, (_, i) => ({ id: `e${i}`, source: "equal", tokens: 1 })),
    { id: "o", source: "single", tokens: 1 },
    { id: "n", source: "none", tokens: 1 },
  ]);
  await catalog.insert("scores", [
    ...Array.from({ length: 30 }, (_, i) => ({ id: `e${i}`, scorer: "a", score: 0.5, provenance: "p" })),
    { id: "o", scorer: "a", score: 0.1, provenance: "p" },
  ]);
  const survivors = await Survivors.open(catalog, ["equal", "single", "none"]);
  assert.deepEqual(await survivors.keepTop("equal", [A], 0.1), { scored: 30, kept: 30, lowest: 0.5 });
  assert.deepEqual(await survivors.keepTop("single", [A], 0.1), { scored: 1, kept: 1, lowest: 0.1 });
  assert.deepEqual(await survivors.keepTop("none", [A], 0.1), { scored: 0, kept: 0, lowest: null });
  assert.deepEqual(await survivors.remainder("none"), { documents: 0, tokens: 0 });
});

Deno.test("Survivors takes exactly a tenth, whatever the rounding of the product", async () => {
  await using catalog = await openCatalog({ engine: "native" });
  await catalog.insert(
    "documents",
    Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, source: "one", tokens: 1 })),
  );
  await catalog.insert(
    "scores",
    Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, scorer: "a", score: i / 7, provenance: "p" })),
  );
  const survivors = await Survivors.open(catalog, ["one"]);
  assert.equal((await survivors.keepTop("one", [A], 0.1)).kept, 3);
  assert.equal((await survivors.keepTop("one", [A], 0.34)).kept, 2);
});

Deno.test("Survivors forgets the scores of one scorer and one source", async () => {
  await using catalog = await openCatalog({ engine: "native" });
  const survivors = await prepare(catalog);
  await survivors.forgetScores("it's two", A);
  const rows = await catalog.query("SELECT count(*) AS n FROM scores");
  assert.deepEqual(rows.objects(), [{ n: 10 }]);
});

Deno.test("Survivors refuses a source without documents", async () => {
  await using catalog = await openCatalog({ engine: "native" });
  await assert.rejects(Survivors.open(catalog, ["nothing"]), {
    name: "UsageError",
    message: 'Source "nothing" has no documents in the catalogue, expected some to sample from.',
  });
});
