import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";

function fails(promise: Promise<unknown>, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => error instanceof UsageError && message.test(error.message));
}

Deno.test("loadRecipe() applies --set to nested keys, as JSON or as plain text", async () => {
  const recipe = await loadRecipe("demo", ["seed=7", "pretrain1.steps=3", "cpu.blas=auto", "cpu.workers=1"]);
  assert.equal(recipe.seed, 7);
  assert.equal(recipe.pretrain1.steps, 3);
  assert.deepEqual(recipe.cpu, { blas: "auto", workers: 1 });
});

Deno.test("loadRecipe() names an unknown recipe and the known ones", async () => {
  await fails(loadRecipe("nonesuch", []), /"nonesuch".*one of .*demo/);
});

Deno.test("loadRecipe() names an unknown key of --set and the known ones", async () => {
  await fails(loadRecipe("demo", ["pretrain1.stepz=3"]), /pretrain1\.stepz.*expected one of .*steps/);
  await fails(loadRecipe("demo", ["seed"]), /--set seed: expected key=value/);
  await fails(loadRecipe("demo", ["seed.more=1"]), /"seed" has no keys/);
});

Deno.test("loadRecipe() names a wrong value, its key and what was expected", async () => {
  await fails(loadRecipe("demo", ["pretrain1.steps=-1"]), /pretrain1\.steps is -1/);
  await fails(loadRecipe("demo", ["backend=cuda"]), /backend is "cuda".*wasm/);
});

Deno.test("loadRecipe() says which file is no JSON", async () => {
  const path = join(await Deno.makeTempDir(), "mine.json");
  await Deno.writeTextFile(path, "{");
  await fails(loadRecipe(path, []), /mine\.json is no valid JSON/);
});

Deno.test("the demo's budget fits into five minutes", async () => {
  const { budget } = await loadRecipe("demo", []);
  assert.ok(budget.reduce((sum, { seconds }) => sum + seconds, 0) <= 300);
});
