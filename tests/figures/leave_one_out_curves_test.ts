import assert from "node:assert/strict";
import { leaveOneOutCurves } from "../../lib/figures/leave_one_out_curves.ts";
import { leaveOneOut } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

Deno.test("leaveOneOutCurves() has a panel a source with a line a capability", async () => {
  const { texts, svg, width } = await draw(leaveOneOutCurves(leaveOneOut(3)));
  assert.equal(texts.filter((text) => text.startsWith("without ")).length, 9);
  for (const label of ["+0.2", "0", "updates"]) assert.ok(texts.includes(label), label);
  assert.equal(svg.split("mark-line").length - 1, 27);
  assert.ok(width <= 880);
});

Deno.test("leaveOneOutCurves() draws one seed and one step", async () => {
  const one = { left: "own", probe: "code", step: 0, mean: 0, low: null, high: null, seeds: 1 };
  assert.doesNotMatch((await draw(leaveOneOutCurves([one], 340))).svg, /NaN|Infinity/);
});
