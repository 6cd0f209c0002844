import assert from "node:assert/strict";
import type { TopLevelSpec } from "vega-lite";
import { table } from "arquero";
import { contentOf, showChart, showPicture, showTable } from "../../lib/pipeline/notebook_display.ts";

Deno.test("showTable() aligns numbers right, formats columns, marks what is missing and escapes HTML", async () => {
  const bundle = await contentOf(
    showTable(table({ source: ["<b>", "c"], share: [0.5, null], count: [1234567, 8] }), {
      share: (value) => `${100 * value}%`,
    }),
  );
  assert.equal(
    bundle["text/plain"],
    "source  share      count\n<b>       50%  1,234,567\nc           –          8",
  );
  const html = String(bundle["text/html"]);
  assert.match(html, /<td style="text-align:left">&lt;b&gt;<\/td><td style="text-align:right">50%<\/td>/);
});

Deno.test("showTable() shows a table without rows", async () => {
  const bundle = await contentOf(showTable(table({ a: [] })));
  assert.equal(bundle["text/plain"], "a");
});

Deno.test("showPicture() gives a chart's picture and description as showChart() does, and nothing else", async () => {
  const spec: TopLevelSpec = { description: "A point.", data: { values: [{}] }, mark: "point" };
  const { "application/vnd.vegalite.v5+json": _, ...others } = await contentOf(showChart(spec));
  assert.deepEqual(await contentOf(showPicture(spec)), others);
  assert.deepEqual(Object.keys(others), ["image/svg+xml", "text/plain"]);
});

Deno.test("showChart() gives the interactive chart as front ends know it, and a picture for the others", async () => {
  const bundle = await contentOf(showChart({
    description: "Two points.",
    data: { values: [{ x: 1 }, { x: 2 }] },
    mark: "point",
    encoding: { x: { field: "x", type: "quantitative" } },
  }));
  assert.deepEqual(Object.keys(bundle).sort(), [
    "application/vnd.vegalite.v5+json",
    "image/svg+xml",
    "text/plain",
  ]);
  const spec = bundle["application/vnd.vegalite.v5+json"] as { $schema: string };
  assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v5.json");
  assert.match(String(bundle["image/svg+xml"]), /^<svg /);
  assert.equal(bundle["text/plain"], "Two points.");
});
