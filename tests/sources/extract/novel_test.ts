import assert from "node:assert/strict";
import { readNpm } from "../../../lib/sources/npm.ts";
import { sourceSpec } from "../../../lib/sources/spec.ts";

Deno.test("extractNovel() gives the chapters in the order of the book, then the epilogue", async () => {
  const { reader } = await sourceSpec("moby-dick");
  assert.ok(reader.kind === "npm");
  const titles = (await Array.fromAsync(readNpm(reader))).map(({ metadata }) => String(metadata["title"]));
  assert.equal(titles.length, 136);
  assert.equal(titles[0], "CHAPTER 1. Loomings.");
  assert.match(titles[9] ?? "", /^CHAPTER 10\. /);
  assert.match(titles[135] ?? "", /epilogue/i);
});
