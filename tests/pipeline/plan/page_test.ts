import assert from "node:assert/strict";
import { planPage } from "../../../lib/pipeline/plan/page.ts";
import { planRecipe } from "../../../lib/pipeline/plan/plan.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";

const plan = await planRecipe(await loadRecipe("950m", []));
const inputs = {
  recipe: "950m",
  plan,
  bounded: { documentsPerSource: 10, plan },
  dataSets: [],
  pricePerGpuHour: 2,
};

/** The cells of the table's row that begins with a name. */
function row(page: string, name: string): string[] {
  const line = page.split("\n").find((line) => line.startsWith(`| ${name} |`));
  assert.ok(line, name);
  return line.split("|").slice(2, -1).map((cell) => cell.trim());
}

Deno.test("planPage() prices the plan's hours, and its parts make the whole", () => {
  const page = planPage(inputs);
  const { gpuHours, days } = plan.totals;
  const [hours, allDays, cost] = row(page, "**all**");
  assert.equal(hours, Math.ceil(gpuHours).toLocaleString("en"));
  assert.equal(allDays, days.toFixed(2));
  assert.equal(cost, `$${Math.round(2 * gpuHours).toLocaleString("en")}`);
  const parts = [
    "data and curation",
    "pretraining",
    "mid-training",
    "post-training",
    "mixtures anew, for those who ask",
  ];
  const sum = parts.reduce((total, name) => total + Number(row(page, name)[1]), 0);
  assert.ok(Math.abs(sum - days) < 0.03);
});

Deno.test("planPage() has every stage with its arithmetic", () => {
  const page = planPage(inputs);
  for (const { stage, arithmetic } of plan.stages) {
    assert.equal(row(page, stage).length, 6);
    for (const line of arithmetic) assert.ok(page.includes(`\n${line}\n`), line);
  }
  assert.ok(page.startsWith("# 4.19T tokens: "));
});

Deno.test("planPage() forgets no stage", () => {
  const [stage] = plan.stages;
  assert.ok(stage);
  const other = { ...plan, stages: [{ ...stage, stage: "new" }] };
  assert.throws(() => planPage({ ...inputs, plan: other }), /Stage new is in no part/);
});
