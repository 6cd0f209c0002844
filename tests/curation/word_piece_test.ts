import assert from "node:assert/strict";
import { loadWordPiece } from "../../lib/curation/word_piece.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";
import { changed, DIRECTORY, golden } from "./education_fixture.ts";

Deno.test("loadWordPiece() gives transformers' ids, cut to 512", async () => {
  const wordPiece = await loadWordPiece(DIRECTORY);
  for (const { text, ids } of golden) assert.deepEqual(wordPiece.encode(text, 512), ids, text.slice(0, 60));
  const cut = wordPiece.encode("a ".repeat(5_000_000), 16);
  assert.deepEqual([cut.length, cut[0], cut.at(-1)], [16, golden[0]!.ids[0], golden[0]!.ids.at(-1)]);
});

Deno.test("loadWordPiece() refuses another kind of tokenizer, and a directory without one", async () => {
  await using other = await changed({ "tokenizer.json": (text) => text.replaceAll('"WordPiece"', '"BPE"') });
  await assert.rejects(loadWordPiece(other.path), {
    name: "UsageError",
    message: /model.type is "BPE", expected "WordPiece"/,
  });
  await using broken = await changed({ "tokenizer.json": () => "[" });
  await assert.rejects(loadWordPiece(broken.path), { name: "UsageError", message: /is no JSON object/ });
  await using empty = await temporaryDirectory();
  await assert.rejects(loadWordPiece(empty.path), {
    name: "UsageError",
    message: /tokenizer.json does not exist/,
  });
});
