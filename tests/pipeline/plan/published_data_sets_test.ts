import assert from "node:assert/strict";
import { publishedDataSets } from "../../../lib/pipeline/plan/published_data_sets.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";
import { RunError } from "../../../lib/core/errors.ts";

const recipe = await loadRecipe("950m", []);

Deno.test("publishedDataSets() has the 28 rows of Tables 3 to 5, each with a path on the hub", async () => {
  const rows = await publishedDataSets(recipe);
  assert.equal(rows.length, 28);
  assert.deepEqual(Map.groupBy(rows, ({ place }) => place).values().map(({ length }) => length).toArray(), [
    14,
    10,
    4,
  ]);
  for (const { name, paths } of rows) {
    assert.ok(paths.length > 0 && paths.every((path) => /^[\w.-]+\/[\w.-]+( |$)/.test(path)), name);
  }
  assert.deepEqual(rows.find(({ name }) => name === "Nemotron code"), {
    place: "Table 3",
    name: "Nemotron code",
    size: "10,108,883 documents",
    paths: ["nvidia/Llama-Nemotron-Post-Training-Dataset SFT/code/code_v1.1.jsonl"],
    source: "mobilellm-r1/nemotron-code",
  });
  assert.deepEqual(rows.find(({ name }) => name === "Arxiv")?.paths, [
    "togethercomputer/RedPajama-Data-1T arxiv",
  ]);
  assert.equal(rows.find(({ name }) => name === "OpenMathReasoning")?.source, "open-math-reasoning");
  assert.equal(rows.find(({ source }) => source === null)?.paths.length, 8);
});

Deno.test("publishedDataSets() names a row that the recipe does not read", async () => {
  await assert.rejects(
    publishedDataSets({ ...recipe, sources: recipe.sources.slice(1) }),
    (error) => error instanceof RunError && error.message === 'No source of the recipe is "StarCoder".',
  );
});
