import assert from "node:assert/strict";
import { findNearDuplicates, NEAR_DUPLICATES } from "../../lib/curation/near_duplicates.ts";
import { findShardedNearDuplicates } from "../../lib/curation/sharded_near_duplicates.ts";
import { syntheticText } from "../../lib/curation/synthetic.ts";
import type { Document } from "../../lib/sources/document.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

const LIMITS = { memoryLimit: "200MB", processes: 2 };

/** More than one batch; copies, near-copies and chains of them, within shards and across; texts without words. */
function corpus(): Document[] {
  const texts = Array.from({ length: 9000 }, (_, i) => i % 500 === 0 ? "?!" : syntheticText(i));
  const chain = Array.from({ length: 8 }, (_, i) => texts[3]!.split(" ").toSpliced(0, 3 * i).join(" "));
  return [...texts, ...chain, ...texts.slice(100, 400).reverse(), texts[3]!].map((text, i) => ({
    id: `document-${i}`,
    source: `source-${i % 3}`,
    text,
    licence: "CC0-1.0",
    metadata: {},
  }));
}

function jsonLines(documents: readonly Document[]): string {
  return documents.map((document) => JSON.stringify(document) + "\n").join("");
}

Deno.test("findShardedNearDuplicates() finds what the search in memory does, however the documents are divided", async () => {
  const documents = corpus();
  const inMemory = await findNearDuplicates((async function* () {
    yield* documents;
  })());
  assert.ok(inMemory.length > 1000);
  for (const ends of [[0, 9309], [0, 100, 100, 8500, 8501, 9309]]) {
    const parts = ends.slice(1).map((end, i) => documents.slice(ends[i], end));
    await using directory = await temporaryDirectory(
      Object.fromEntries(parts.map((part, i) => [`${i}.jsonl`, jsonLines(part)])),
    );
    const found = await findShardedNearDuplicates(
      parts.map((_, i) => `${directory.path}/${i}.jsonl`),
      { ...LIMITS, spillDirectory: directory.path },
    );
    assert.deepEqual(found, inMemory);
    // Nothing is left behind.
    assert.equal((await Array.fromAsync(Deno.readDir(directory.path))).length, parts.length);
  }
});

Deno.test("findShardedNearDuplicates() follows its settings, and finds nothing in nothing", async () => {
  const documents = corpus().slice(0, 300);
  const settings = { ...NEAR_DUPLICATES, shingleWords: 3, bands: 8, rows: 4, threshold: 0.99, seed: 5 };
  await using directory = await temporaryDirectory({ "a.jsonl": jsonLines(documents), "empty.jsonl": "" });
  const limits = { ...LIMITS, spillDirectory: directory.path };
  const inMemory = await findNearDuplicates(
    (async function* () {
      yield* documents;
    })(),
    settings,
  );
  assert.ok(inMemory.length > 0);
  assert.deepEqual(
    await findShardedNearDuplicates([`${directory.path}/a.jsonl`], limits, settings),
    inMemory,
  );
  assert.deepEqual(await findShardedNearDuplicates([`${directory.path}/empty.jsonl`], limits), []);
  assert.deepEqual(await findShardedNearDuplicates([], limits), []);
});

Deno.test("findShardedNearDuplicates() names a shard that is damaged, and refuses settings", async () => {
  await using directory = await temporaryDirectory({ "good.jsonl": "", "cut.jsonl": '{"id": "a", "te' });
  const limits = { ...LIMITS, spillDirectory: directory.path };
  const shards = ["good", "cut"].map((name) => `${directory.path}/${name}.jsonl`);
  await assert.rejects(findShardedNearDuplicates(shards, limits), {
    name: "RunError",
    message: /cut\.jsonl could not be signed: .*line 1 is no JSON/,
  });
  assert.equal((await Array.fromAsync(Deno.readDir(directory.path))).length, 2);
  await assert.rejects(findShardedNearDuplicates(shards, limits, { ...NEAR_DUPLICATES, rows: 0 }), {
    name: "UsageError",
    message: "rows is 0, expected a whole number above 0.",
  });
});
