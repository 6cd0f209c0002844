import assert from "node:assert/strict";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import { ENGINES } from "../../lib/catalog/engine.ts";
import { FUNNEL_STEPS, type FunnelRow, readFunnel, saveFunnel } from "../../lib/curation/funnel.ts";

const rows: FunnelRow[] = FUNNEL_STEPS.flatMap((step, i) =>
  ["web", "books"].map((source) => ({
    source,
    step,
    documents: 10 - i,
    tokens: 100 - i,
    seconds: 0.5,
    note: source === "books" && i > 7 ? `rule ${i}` : null,
  }))
);

for (const engine of ENGINES) {
  Deno.test(`readFunnel() has a row a source and a column a step (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await saveFunnel(catalog, [{ ...rows[0]!, source: "old" }]);
    await saveFunnel(catalog, rows);
    const [web, books] = (await readFunnel(catalog)).objects() as Record<string, unknown>[];
    assert.deepEqual(Object.keys(web!), ["source", ...FUNNEL_STEPS, "seconds", "notes"]);
    assert.deepEqual(FUNNEL_STEPS.map((step) => web![step]), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.deepEqual([web!["source"], web!["seconds"], web!["notes"]], ["web", 5, null]);
    assert.equal(books!["notes"], "semantic duplicates: rule 8; representatives: rule 9");
  });
}
