import assert from "node:assert/strict";
import { documentId } from "../../lib/sources/document.ts";

Deno.test("documentId() is the start of SHA-256 over UTF-8", () => {
  // Published test vector of FIPS 180-2 for "abc".
  assert.equal(documentId("abc"), "ba7816bf8f01cfea414140de5dae2223");
  assert.notEqual(documentId("é"), documentId("e\u0301"));
});
