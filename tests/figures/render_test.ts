import assert from "node:assert/strict";
import { join } from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { renderSvg, writeChart } from "../../lib/figures/render.ts";
import { FONT, themed } from "../../lib/figures/theme.ts";

function clippedLine(end: number): TopLevelSpec {
  return themed({
    description: `a "line" to <${end}>`,
    data: { values: [{ x: 0, y: 0 }, { x: 1, y: end }] },
    mark: { type: "line", clip: true },
    encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } },
  });
}

Deno.test("renderSvg() gives the same bytes, whatever else is rendered meanwhile", async () => {
  const first = await renderSvg(clippedLine(1));
  const again = await Promise.all([clippedLine(2), clippedLine(1), clippedLine(3)].map(renderSvg));
  assert.equal(again[1], first);
});

Deno.test("renderSvg() lets different charts share no id, and every reference finds its own", async () => {
  const ids = (svg: string) => Array.from(svg.matchAll(/ id="([^"]+)"/g), ([, id]) => id);
  const references = (svg: string) => Array.from(svg.matchAll(/url\(#([^)]+)\)/g), ([, id]) => id);
  const [a, b] = await Promise.all([renderSvg(clippedLine(1)), renderSvg(clippedLine(2))]);
  assert.equal(ids(a).length, 1);
  assert.deepEqual(references(a), ids(a));
  assert.notDeepEqual(ids(a), ids(b));
});

Deno.test("renderSvg() names the drawing and its typeface once, escaped", async () => {
  const svg = await renderSvg(clippedLine(1));
  assert.match(svg, /^<svg role="img" aria-label="a &quot;line&quot; to &lt;1&gt;"/);
  assert.equal(svg.split("font-family=").length, 2);
  assert.ok(!svg.includes(`font-family="${FONT}"`), "the typeface is escaped");
});

Deno.test("renderSvg() writes coordinates to a hundredth of a pixel, and neither texts nor labels", async () => {
  const svg = await renderSvg(themed({
    description: "1.23456 and 2e-7",
    data: { values: [{ x: 1 / 7, name: "0.98765" }, { x: 1, name: "1" }] },
    mark: "text",
    encoding: { x: { field: "x", type: "quantitative" }, text: { field: "name" } },
  }));
  assert.ok(svg.includes('aria-label="1.23456 and 2e-7"') && svg.includes(">0.98765<"));
  const tags = (svg.match(/<[^>]+>/g) ?? []).slice(1);
  assert.deepEqual(tags.filter((tag) => /\d\.\d{3}|\de-/.test(tag)), []);
  assert.ok(tags.some((tag) => /translate\(\d+\.\d{1,2},/.test(tag)));
});

Deno.test("renderSvg() leaves the spec as it was", async () => {
  const row = Object.freeze({ x: 1 });
  await renderSvg({
    data: { values: [row] },
    mark: "point",
    encoding: { x: { field: "x", type: "quantitative" } },
  });
  assert.deepEqual(Reflect.ownKeys(row), ["x"]);
});

Deno.test("renderSvg() writes text of the data as text", async () => {
  const svg = await renderSvg({
    data: { values: [{ name: "<script>&数学" }] },
    mark: "text",
    encoding: { text: { field: "name" } },
  });
  assert.ok(svg.includes("&lt;script&gt;&amp;数学"));
});

Deno.test("writeChart() writes the spec and the drawing, and nothing else", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const spec = clippedLine(1);
    const paths = await writeChart(directory, "line", spec);
    assert.deepEqual(paths, [join(directory, "line.json"), join(directory, "line.svg")]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(directory, "line.json"))), spec);
    assert.equal(await Deno.readTextFile(join(directory, "line.svg")), await renderSvg(spec));
    assert.equal(Array.from(Deno.readDirSync(directory)).length, 2);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
