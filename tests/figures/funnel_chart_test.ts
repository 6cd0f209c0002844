import assert from "node:assert/strict";
import { funnelChart } from "../../lib/figures/funnel_chart.ts";
import { SAMPLE_MIXING } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

Deno.test("funnelChart() prints what every step leaves of every source", async () => {
  const { texts, width } = await draw(funnelChart(SAMPLE_MIXING.funnel));
  // 90 values, 9 titles, and the 10 steps beside each of two bands.
  assert.equal(texts.length, 90 + 9 + 20);
  for (const label of ["documents", "sampled", "semantic duplicates", "moby-dick", "3.75k"]) {
    assert.ok(texts.includes(label), label);
  }
  assert.ok(width <= 880, `${width}`);
});

Deno.test("funnelChart() leaves out steps that a run did not take, and draws sources that lost all", async () => {
  const rows = [
    { source: "own", step: "documents", documents: 12 },
    { source: "own", step: "education", documents: 0 },
  ] as const;
  const { texts, svg } = await draw(funnelChart(rows, 340));
  assert.deepEqual(texts.toSorted(), ["0", "12", "documents", "education", "own"]);
  assert.doesNotMatch(svg, /NaN/);
});
