import assert from "node:assert/strict";
import { shardFileName, shardIndexFile, shardMetadata, tokenDType } from "../../lib/shards/shard.ts";

Deno.test("shardFileName() numbers files so that they sort", () => {
  assert.equal(shardFileName(0), "00000.safetensors");
  assert.equal(shardFileName(12_345), "12345.safetensors");
});

Deno.test("tokenDType() is as narrow as the largest id allows", () => {
  assert.deepEqual([512, 65_536, 65_537, 128_256].map(tokenDType), ["U16", "U16", "U32", "U32"]);
});

Deno.test("shardMetadata() holds strings only", () => {
  const shard = { tokens: 5, documents: 1, sha256: "ab" };
  assert.deepEqual(shardMetadata({ source: "code", tokenizer: "llama3" }, shard), {
    format: "1",
    source: "code",
    tokenizer: "llama3",
    tokens: "5",
    documents: "1",
    sha256: "ab",
  });
});

Deno.test("shardIndexFile refuses an index without shards or with unknown keys", () => {
  const shard = { file: "00000.safetensors", tokens: 3, documents: 1, sha256: "0".repeat(64) };
  const index = {
    format: 1,
    source: "code",
    tokenizer: "llama3",
    vocabularySize: 128_256,
    tokens: 3,
    documents: 1,
    shards: [shard],
  };
  assert.ok(shardIndexFile.safeParse(index).success);
  assert.ok(!shardIndexFile.safeParse({ ...index, shards: [] }).success);
  assert.ok(!shardIndexFile.safeParse({ ...index, extra: 1 }).success);
  assert.ok(!shardIndexFile.safeParse({ ...index, shards: [{ ...shard, sha256: "0" }] }).success);
});
