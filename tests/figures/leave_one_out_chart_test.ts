import assert from "node:assert/strict";
import { lastImpacts, leaveOneOutChart } from "../../lib/figures/leave_one_out_chart.ts";
import { leaveOneOut } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

Deno.test("leaveOneOutChart() has a panel a capability with all sources, the most useful first", async () => {
  const { texts, width } = await draw(leaveOneOutChart(leaveOneOut(3)));
  for (const label of ["code", "math", "knowledge"]) assert.ok(texts.includes(label), label);
  const places = ["stdlib-math-readme", "moby-dick", "spam-assassin"].map((source) => texts.indexOf(source));
  assert.ok(places.every((place, i) => place >= 0 && place > (places[i - 1] ?? -1)), `${places}`);
  assert.equal(texts.filter((text) => text === "moby-dick").length, 1, "names stand once a band");
  assert.ok(width <= 880);
  const narrow = await draw(leaveOneOutChart(leaveOneOut(3), 340));
  assert.equal(narrow.texts.filter((text) => text === "moby-dick").length, 3);
  assert.ok(narrow.width <= 350, `${narrow.width}`);
});

Deno.test("leaveOneOutChart() draws intervals where there are some", async () => {
  // Each opaque line of two pixels is an interval.
  const lines = (svg: string) => svg.split('stroke-width="2" opacity="0.55"').length - 1;
  assert.equal(lines((await draw(leaveOneOutChart(leaveOneOut(3)))).svg), 27);
  assert.equal(lines((await draw(leaveOneOutChart(leaveOneOut(1)))).svg), 0);
});

Deno.test("leaveOneOutChart() draws impacts that are all zero", async () => {
  const zero = { left: "own", probe: "code", step: 1, mean: 0, low: null, high: null, seeds: 1 };
  assert.doesNotMatch((await draw(leaveOneOutChart([zero]))).svg, /NaN|Infinity/);
});

Deno.test("lastImpacts() takes the latest step of each source and capability", () => {
  const impact = (left: string, step: number) => ({
    left,
    probe: "code",
    step,
    mean: step,
    low: null,
    high: null,
    seeds: 1,
  });
  assert.deepEqual(lastImpacts([impact("a", 2), impact("a", 1), impact("b", 1)]).map(({ mean }) => mean), [
    2,
    1,
  ]);
});
