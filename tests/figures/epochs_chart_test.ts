import assert from "node:assert/strict";
import { epochsChart } from "../../lib/figures/epochs_chart.ts";
import { draw } from "./svg.ts";

Deno.test("epochsChart() shows a column a stage and marks one epoch", async () => {
  const { texts, svg } = await draw(epochsChart([
    { stage: "First", source: "glosses", epochs: 0.25, domain: "knowledge" },
    { stage: "Second", source: "glosses", epochs: 38.83, domain: "knowledge" },
  ]));
  for (const label of ["First", "Second", "knowledge", "glosses", "0.25×", "38.8×"]) {
    assert.ok(texts.includes(label), label);
  }
  assert.equal(svg.split("stroke-dasharray").length - 1, 2);
});
