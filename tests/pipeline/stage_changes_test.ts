import assert from "node:assert/strict";
import { changesOf, type StageBasis } from "../../lib/pipeline/stage_changes.ts";

const BASIS: StageBasis = {
  recipe: {
    seed: 1,
    tokenizer: "llama3-512",
    mixture: { name: "a", sources: ["one", "two", "three", "four"] },
  },
  inputs: { shards: "1", model: "2" },
  code: "c",
};

const withRecipe = (recipe: Record<string, unknown>): StageBasis => ({
  ...BASIS,
  recipe: { ...BASIS.recipe as Record<string, unknown>, ...recipe },
});

Deno.test("changesOf() names what changed: short values in full, long ones by their key", () => {
  assert.deepEqual(changesOf(BASIS, BASIS), []);
  assert.deepEqual(changesOf(BASIS, withRecipe({ seed: 2 })), ["seed 1 (now 2)"]);
  assert.deepEqual(changesOf(BASIS, withRecipe({ tokenizer: "llama3-640" })), [
    'tokenizer "llama3-512" (now "llama3-640")',
  ]);
  assert.deepEqual(changesOf(BASIS, withRecipe({ mixture: { name: "a", sources: ["one"] } })), [
    "another mixture",
  ]);
  assert.deepEqual(changesOf(BASIS, withRecipe({ seed: undefined })), ["seed 1 (now none)"]);
});

Deno.test("changesOf() names inputs and code, all in one list", () => {
  const now = { ...withRecipe({ seed: 3 }), inputs: { shards: "1", model: "9", teacher: "t" }, code: "d" };
  assert.deepEqual(changesOf(BASIS, now), ["seed 1 (now 3)", "other model", "other teacher", "other code"]);
});

Deno.test("changesOf() compares recipes that are no objects", () => {
  assert.deepEqual(changesOf({ ...BASIS, recipe: "a" }, { ...BASIS, recipe: "b" }), ['recipe "a" (now "b")']);
});
