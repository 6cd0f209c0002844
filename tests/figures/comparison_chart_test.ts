import assert from "node:assert/strict";
import { comparisonChart, perplexities } from "../../lib/figures/comparison_chart.ts";
import { comparison } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

Deno.test("comparisonChart() has a panel a capability with every mixture's last perplexity", async () => {
  const { texts, svg } = await draw(comparisonChart(comparison(1)));
  for (const label of ["code", "math", "knowledge"]) assert.ok(texts.includes(label), label);
  assert.equal(texts.filter((text) => /^influence \d/.test(text)).length, 3);
  assert.equal(texts.filter((text) => /^uniform \d/.test(text)).length, 3);
  assert.equal(svg.split('stroke-dasharray="5,3"').length - 1, 3, "uniform is dashed");
  const own = comparison(2).map((loss) => ({ ...loss, mixture: `own ${loss.mixture}` }));
  assert.doesNotMatch((await draw(comparisonChart(own, 340))).svg, /NaN|Infinity/);
});

Deno.test("perplexities() takes seeds together, the known mixtures first", () => {
  const loss = (mixture: string, step: number, negativeLogLikelihood: number, seed: number) => ({
    mixture,
    probe: "code",
    step,
    negativeLogLikelihood,
    seed,
  });
  const points = perplexities([
    loss("uniform", 1, 0, 1),
    loss("influence", 2, 0, 1),
    loss("influence", 1, 1, 1),
    loss("influence", 1, 3, 2),
  ]);
  assert.deepEqual(points.map(({ mixture, step, seeds }) => [mixture, step, seeds]), [
    ["influence", 1, 2],
    ["influence", 2, 1],
    ["uniform", 1, 1],
  ]);
  assert.deepEqual(
    [points[0]?.low, points[0]?.perplexity, points[0]?.high],
    [Math.E, Math.exp(2), Math.exp(3)],
  );
});
