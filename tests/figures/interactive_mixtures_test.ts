import assert from "node:assert/strict";
import * as vega from "vega";
import { compile } from "vega-lite";
import { interactiveMixtures } from "../../lib/figures/interactive_mixtures.ts";
import { PUBLISHED } from "./sample_report.ts";
import { draw } from "./svg.ts";

/** The labels that the chart shows at a position of the slider. */
async function labelsAt(phase: number): Promise<string> {
  const view = new vega.View(vega.parse(compile(interactiveMixtures(PUBLISHED)).spec), { renderer: "none" });
  try {
    return await view.signal("phase", phase).toSVG();
  } finally {
    view.finalize();
  }
}

Deno.test("interactiveMixtures() goes from phase 1 to phase 2", async () => {
  const [first, half, second] = await Promise.all([1, 1.5, 2].map(labelsAt));
  assert.ok(first?.includes(">63.8%<") && first.includes(">–<"));
  assert.ok(half?.includes(">59.3%<"));
  assert.ok(second?.includes(">54.8%<") && second.includes(">0.03%<"));
});

Deno.test("interactiveMixtures() binds a slider and the legend, and tells epochs in the tooltip", () => {
  const { signals, marks } = compile(interactiveMixtures(PUBLISHED)).spec;
  assert.ok(JSON.stringify(signals).includes('"bind":{"input":"range"'));
  assert.ok(JSON.stringify(signals).includes("domain_legend"));
  assert.ok(JSON.stringify(marks).includes("Epochs in phase 2"));
  assert.ok(JSON.stringify(interactiveMixtures(PUBLISHED)).includes('"epochs2":37.0'));
});

Deno.test("interactiveMixtures() draws without a browser too", async () => {
  const { texts, width } = await draw(interactiveMixtures(PUBLISHED, 340));
  for (const label of ["StarCoder", "code", "several", "10.7%"]) assert.ok(texts.includes(label), label);
  assert.equal(width, 340);
});
