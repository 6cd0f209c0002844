import assert from "node:assert/strict";
import { loadPaperTable } from "../../lib/catalog/published.ts";
import { commonsenseDisagreements, withOwnRow } from "../../lib/eval/paper_tables.ts";
import type { TaskScores } from "../../lib/eval/results.ts";

Deno.test("commonsenseDisagreements() finds the eight models of which Tables 6 and 13 disagree, and that Table 13 is right", async () => {
  const found = commonsenseDisagreements(
    await loadPaperTable("base_results"),
    await loadPaperTable("commonsense_per_task"),
  );
  assert.deepEqual(
    found.map(({ model, table6, table13 }) => [model, table6, table13]),
    [
      ["SmolLM2-135M-base", 50.7, 50.5],
      ["MobileLLM-R1-140M-base", 44.3, 44.7],
      ["MobileLLM-R1-360M-base", 51.0, 50.7],
      ["Qwen2.5-0.5B-base", 52.3, 52.2],
      ["Gemma-3-1B-pt", 57.3, 57.2],
      ["OLMo-2-0425-1B-base", 61.0, 60.4],
      ["SmolLM2-1.7B-base", 62.9, 62.7],
      ["Qwen3-1.7B-base", 60.9, 61.3],
    ],
  );
  for (const { table13, recomputed } of found) assert.ok(Math.abs(table13 - recomputed) < 0.051);
});

/** Scores of a model of ours. */
function scored(values: Readonly<Record<string, number>>, metric: string): TaskScores[] {
  return Object.entries(values).map(([task, value]) => ({
    task,
    questions: 10,
    scores: [{ metric, value, standardError: null, low: null, high: null }],
  }));
}

const OWN = { model: "own-1M", parameters: "1M" };

Deno.test("withOwnRow() adds percent to one decimal, and null for what was not measured", async () => {
  const table = await loadPaperTable("post_results");
  const own = withOwnRow(
    table,
    OWN,
    scored({ gsm8k: 0.12345, minerva_math500: 0.5 }, "exact_match"),
    "acc_norm",
  );
  assert.equal(own.rows.length, table.rows.length + 1);
  assert.deepEqual(own.rows.at(-1), ["own", "own-1M", "1M", 50, 12.3, null, null, null]);
  assert.equal(table.rows.length, 16);
});

Deno.test("withOwnRow() has a mean only of all eight commonsense tasks", async () => {
  const table = await loadPaperTable("commonsense_per_task");
  const eight = {
    ...{ arc_easy: 0.1, arc_challenge: 0.2, boolq: 0.3, piqa: 0.4 },
    ...{ social_iqa: 0.5, hellaswag: 0.6, openbookqa: 0.7, winogrande: 0.8 },
  };
  assert.deepEqual(withOwnRow(table, OWN, scored(eight, "acc"), "acc").rows.at(-1), [
    ...["own-1M", "1M", 10, 20, 30, 40, 50, 60, 70, 80, 45],
  ]);
  const { piqa: _, ...seven } = eight;
  assert.equal(withOwnRow(table, OWN, scored(seven, "acc"), "acc").rows.at(-1)?.at(-1), null);
});
