import assert from "node:assert/strict";
import { createTable, quoteName } from "../../lib/catalog/schema.ts";

Deno.test("createTable() quotes names", () => {
  assert.equal(
    createTable("a b", { 'c"d': "BIGINT", e: "VARCHAR" }),
    'CREATE TABLE "a b" ("c""d" BIGINT, "e" VARCHAR)',
  );
  assert.equal(quoteName("select"), '"select"');
});
