import assert from "node:assert/strict";
import { mixturesChart, publishedShares } from "../../lib/figures/mixtures_chart.ts";
import { PUBLISHED } from "./sample_report.ts";
import { draw } from "./svg.ts";

Deno.test("publishedShares() keeps the printed percentages and leaves out unused datasets", () => {
  const shares = publishedShares(PUBLISHED);
  const sum = (phase: string) =>
    shares.filter(({ mixture }) => mixture === phase).reduce((total, { percent }) => total + percent, 0);
  assert.equal(shares.filter(({ mixture }) => mixture === "Phase 1").length, 7);
  assert.ok(Math.abs(sum("Phase 1") - 100.01) < 1e-9);
  assert.ok(Math.abs(sum("Phase 2") - 99.99) < 1e-9);
});

Deno.test("mixturesChart() shows mixtures side by side, the largest share of a domain first", async () => {
  const { texts } = await draw(mixturesChart(publishedShares(PUBLISHED)));
  for (const label of ["Phase 1", "Phase 2", "63.8%", "54.8%", "0.03%"]) {
    assert.ok(texts.includes(label), label);
  }
  const math = texts.indexOf("math");
  assert.deepEqual(texts.slice(math, math + 3), ["math", "OpenWebMath", "FineMath"]);
});
