import assert from "node:assert/strict";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import type { Duplicate } from "../../lib/curation/clusters.ts";
import {
  findNearDuplicates,
  NEAR_DUPLICATES,
  type NearDuplicateSettings,
} from "../../lib/curation/near_duplicates.ts";
import { findShardedNearDuplicates } from "../../lib/curation/sharded_near_duplicates.ts";
import { syntheticText } from "../../lib/curation/synthetic.ts";
import type { Document } from "../../lib/sources/document.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

const PROCESSES = 2;

/** The search in a catalogue of its own; everything that it writes goes into the directory. */
async function find(
  directory: string,
  shards: readonly string[],
  settings?: NearDuplicateSettings,
  scoreOf?: (id: string) => number,
): Promise<Duplicate[]> {
  const limits = { spillDirectory: directory };
  await using catalog = await openCatalog({
    engine: "native",
    memoryLimit: "200MB",
    threads: PROCESSES,
    ...limits,
  });
  try {
    return await findShardedNearDuplicates(
      catalog,
      shards.map((name) => `${directory}/${name}`),
      { processes: PROCESSES, ...limits },
      settings,
      scoreOf,
    );
  } finally {
    const tables = await catalog.query(
      "SELECT table_name FROM information_schema.tables WHERE table_name IN ('signed', 'duplicates')",
    );
    assert.equal(tables.numRows(), 0, "no table is left");
  }
}

async function* stream(documents: readonly Document[]): AsyncGenerator<Document> {
  yield* documents;
  await Promise.resolve();
}

/** Any score for a document by its id, some equal. */
const scoreOf = (id: string) => Number(id.slice("document-".length)) * 7 % 10;

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

for (const scored of [undefined, scoreOf]) {
  const kept = scored ? "the best" : "the first";
  Deno.test(`findShardedNearDuplicates() finds what the search in memory does and keeps ${kept}, however the documents are divided`, async () => {
    const documents = corpus();
    const inMemory = await findNearDuplicates(
      stream(documents),
      NEAR_DUPLICATES,
      scored && (({ id }) => scored(id)),
    );
    assert.ok(inMemory.length > 1000);
    for (const ends of [[0, 9309], [0, 100, 100, 8500, 8501, 9309]]) {
      const parts = ends.slice(1).map((end, i) => documents.slice(ends[i], end));
      await using directory = await temporaryDirectory(
        Object.fromEntries(parts.map((part, i) => [`${i}.jsonl`, jsonLines(part)])),
      );
      const found = await find(directory.path, parts.map((_, i) => `${i}.jsonl`), NEAR_DUPLICATES, scored);
      assert.deepEqual(found, inMemory);
      // Nothing is left behind.
      assert.equal((await Array.fromAsync(Deno.readDir(directory.path))).length, parts.length);
    }
  });
}

Deno.test("findShardedNearDuplicates() follows its settings, and finds nothing in nothing", async () => {
  const documents = corpus().slice(0, 300);
  const settings = { ...NEAR_DUPLICATES, shingleWords: 3, bands: 8, rows: 4, threshold: 0.99, seed: 5 };
  await using directory = await temporaryDirectory({ "a.jsonl": jsonLines(documents), "empty.jsonl": "" });
  const inMemory = await findNearDuplicates(stream(documents), settings);
  assert.ok(inMemory.length > 0);
  assert.deepEqual(await find(directory.path, ["a.jsonl"], settings), inMemory);
  assert.deepEqual(await find(directory.path, ["empty.jsonl"]), []);
  assert.deepEqual(await find(directory.path, []), []);
});

Deno.test("findShardedNearDuplicates() names a shard that is damaged, and refuses settings and the other engine", async () => {
  await using directory = await temporaryDirectory({ "good.jsonl": "", "cut.jsonl": '{"id": "a", "te' });
  const { path } = directory;
  const shards = ["good.jsonl", "cut.jsonl"];
  await assert.rejects(find(path, shards), {
    name: "RunError",
    message: /cut\.jsonl could not be signed: .*line 1 is no JSON/,
  });
  assert.equal((await Array.fromAsync(Deno.readDir(path))).length, 2);
  await assert.rejects(find(path, shards, { ...NEAR_DUPLICATES, rows: 0 }), {
    name: "UsageError",
    message: "rows is 0, expected a whole number above 0.",
  });
  await using wasm = await openCatalog();
  await assert.rejects(findShardedNearDuplicates(wasm, [`${path}/good.jsonl`]), {
    name: "UsageError",
    message: 'The catalogue engine is "wasm", expected "native", which reads parquet.',
  });
});
