import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { pooledSources } from "../../../lib/pipeline/stages/pool.ts";

Deno.test("pooledSources() takes all, or those that are wanted in the order of the shards", () => {
  assert.deepEqual(pooledSources(["a", "b", "c"], null), ["a", "b", "c"]);
  assert.deepEqual(pooledSources(["a", "b", "c"], ["c", "a"]), ["a", "c"]);
});

Deno.test("pooledSources() names a source that is not among them", () => {
  assert.throws(
    () => pooledSources(["a", "b"], ["b", "d"]),
    (error) =>
      error instanceof UsageError &&
      /compression\.sources names "d", expected .*: a, b\.$/.test(error.message),
  );
});
