import assert from "node:assert/strict";
import { distillationChart, type MidtrainingPoint } from "../../lib/figures/distillation_chart.ts";
import { draw } from "./svg.ts";

const POINTS: MidtrainingPoint[] = (["original", "sub-sampled"] as const).flatMap((data) =>
  [false, true].flatMap((teacher) =>
    ["code", "math"].flatMap((probe) =>
      [0, 10, 20].map((step) => ({
        ...{ data, teacher, probe, step },
        negativeLogLikelihood: 3 - step / 40 * (data === "original" ? 1 : 2) - (teacher ? 0.1 : 0),
      }))
    )
  )
);

Deno.test("distillationChart() has a panel a capability and a line for each of the four ways", async () => {
  const { texts, svg } = await draw(distillationChart(POINTS));
  for (
    const label of ["code", "math", "original 12.2", "original, taught 11.0", "sub-sampled, taught 6.69"]
  ) {
    assert.ok(texts.includes(label), `${label}: ${texts}`);
  }
  assert.equal(svg.split('stroke-dasharray="5,3"').length - 1, 4);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

Deno.test("distillationChart() draws a single point", async () => {
  const { svg, texts } = await draw(distillationChart(POINTS.slice(0, 1), 340));
  assert.ok(texts.includes("original 20.1"));
  assert.doesNotMatch(svg, /NaN|Infinity/);
});
