import assert from "node:assert/strict";
import {
  FINEWEB_EDU,
  isMeantFor,
  openBert,
  openFilters,
  writeSynthetic,
} from "../../lib/curation/throughput.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("openFilters() has every filter, and each takes a file of synthetic documents", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/documents.jsonl`;
    await writeSynthetic(path, 40);
    assert.equal((await Deno.readTextFile(path)).trim().split("\n").length, 40);
    const filters = await openFilters();
    assert.deepEqual(Object.keys(filters), [
      "language",
      "exact duplicates",
      "near-duplicates",
      "semantic duplicates",
      "contamination",
      "weak classifier",
    ]);
    for (const run of Object.values(filters)) await run(path);
    await assert.rejects(filters["exact duplicates"]!(`${directory}/none`));
  }));

Deno.test("isMeantFor() leaves out semantic deduplication of many", () => {
  assert.ok(isMeantFor("semantic duplicates", 10_000) && !isMeantFor("semantic duplicates", 10_001));
  assert.ok(isMeantFor("near-duplicates", 1e9));
});

Deno.test("openBert() makes a classifier of any shape that rates", () =>
  inDirectory(async (directory) => {
    const rate = await openBert(directory, {
      ...FINEWEB_EDU,
      vocab_size: 64,
      hidden_size: 16,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 32,
      max_position_embeddings: 8,
    });
    rate();
  }));
