import assert from "node:assert/strict";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import { ENGINES } from "../../lib/catalog/engine.ts";
import { RunError } from "../../lib/core/errors.ts";
import { insertPublished, loadPaperTable, loadPaperTables } from "../../lib/catalog/published.ts";

Deno.test("loadPaperTables() has the 14 + 10 + 4 datasets", async () => {
  const rows = Object.fromEntries((await loadPaperTables()).map((table) => [table.name, table.rows.length]));
  assert.equal(rows["pretrain_mix"], 14);
  assert.equal(rows["midtrain_mix"], 10);
  assert.equal(rows["posttrain_data"], 4);
});

Deno.test("loadPaperTables() has all thirteen tables, and the figures whose values are printed or derived", async () => {
  const places = (await loadPaperTables()).flatMap(({ place }) => place ?? []);
  assert.deepEqual(
    places.sort(),
    [
      ...Array.from({ length: 13 }, (_, i) => `Table ${i + 1}`),
      ...[1, 2, 3, 10].map((number) => `Figure ${number}`),
    ].sort(),
  );
});

Deno.test("loadPaperTable() finds a table by its file's name", async () => {
  assert.equal((await loadPaperTable("lr_ablation")).place, "Table 12");
  await assert.rejects(() => loadPaperTable("none"), new RunError("data/paper/none.json is missing."));
});

for (const engine of ENGINES) {
  Deno.test(`insertPublished() gives the paper's tables and mixtures (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await insertPublished(catalog);
    const sums = await catalog.query(
      "SELECT round(sum(phase1_percent), 2) AS first, round(sum(phase2_percent), 2) AS second FROM paper_pretrain_mix",
    );
    assert.deepEqual(sums.objects(), [{ first: 100.01, second: 99.99 }]);
    // The mixtures are the tables: same printed values, normalised weights.
    const differing = await catalog.query(
      `SELECT count(*) AS n FROM mixes JOIN paper_pretrain_mix ON source = dataset
       WHERE phase = 'pretrain-1' AND printed <> phase1_percent OR phase = 'pretrain-2' AND printed <> phase2_percent`,
    );
    assert.deepEqual(differing.objects(), [{ n: 0 }]);
    const mixes = await catalog.query(
      `SELECT phase, count(*) AS sources, round(sum(weight), 9) AS weight FROM mixes
       WHERE mixture LIKE 'mobilellm-r1-%' GROUP BY phase ORDER BY phase`,
    );
    assert.deepEqual(mixes.objects(), [
      { phase: "midtrain-1", sources: 9, weight: 1 },
      { phase: "midtrain-2", sources: 10, weight: 1 },
      { phase: "pretrain-1", sources: 7, weight: 1 },
      { phase: "pretrain-2", sources: 14, weight: 1 },
    ]);
    // What is derived can be derived again.
    const epochs = await catalog.query(
      `SELECT max(abs(phase1_percent / 100 * 2097.152 / tokens_billion - phase1_epochs)) AS error FROM paper_pretrain_mix`,
    );
    assert.ok(epochs.get("error", 0) < 0.006);
    const parameters = await catalog.query("SELECT parameters FROM paper_architecture ORDER BY parameters");
    assert.deepEqual(parameters.array("parameters"), [140248512, 359431168, 949685760]);
    const means = await catalog.query(
      `SELECT max(abs((arc_easy + arc_challenge + boolq + piqa + siqa + hellaswag + openbookqa + winogrande) / 8 - mean)) AS error
       FROM paper_commonsense_per_task`,
    );
    assert.ok(means.get("error", 0) < 0.11);
    const bars = await catalog.query(
      `SELECT count(*) AS n FROM paper_fig2_bars JOIN paper_base_results USING (model)
       WHERE paper_fig2_bars.gsm8k = paper_base_results.gsm8k AND paper_fig2_bars.humaneval = paper_base_results.humaneval`,
    );
    assert.deepEqual(bars.objects(), [{ n: 11 }]);
    const place = await catalog.query("SELECT place FROM paper_tables WHERE name = 'paper_base_results'");
    assert.deepEqual(place.objects(), [{ place: "Table 6" }]);
    const listed = await catalog.query("SELECT count(*) AS n FROM paper_tables");
    assert.equal(listed.get("n", 0), (await loadPaperTables()).length);
  });
}

Deno.test("insertPublished() keeps the sources and mixtures that a run has", async () => {
  await using catalog = await openCatalog();
  await catalog.insert("sources", [{ source: "three", documents: 3 }]);
  await catalog.insert("mixes", [{ mixture: "demo-phase1", source: "three", weight: 1 }]);
  await insertPublished(catalog);
  const three = await catalog.query("SELECT documents FROM sources WHERE source = 'three'");
  assert.deepEqual(three.objects(), [{ documents: 3 }]);
  const mixes = await catalog.query("SELECT count(*) AS n FROM mixes WHERE mixture = 'demo-phase1'");
  assert.deepEqual(mixes.objects(), [{ n: 1 }]);
});
