import assert from "node:assert/strict";
import { weightsChart } from "../../lib/figures/weights_chart.ts";
import { SAMPLE_MIXING } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

Deno.test("weightsChart() prints each source's influence weight and names the mixtures", async () => {
  const { texts, width } = await draw(weightsChart(SAMPLE_MIXING.weights));
  for (const label of ["influence", "uniform", "leave-one-out", "tokens", "moby-dick"]) {
    assert.ok(texts.includes(label), label);
  }
  assert.ok(texts.includes("17.8%") && texts.includes("0%"));
  assert.ok(width <= 880, `${width}`);
  assert.ok((await draw(weightsChart(SAMPLE_MIXING.weights, 340))).width <= 360);
});

Deno.test("weightsChart() groups sources by domain and sorts them by influence", async () => {
  const row = (source: string, domain: string, influence: number) => ({
    source,
    domain,
    influence,
    uniform: 0.25,
    tokens: 0.25,
    leaveOneOut: 0.25,
  });
  const rows = [row("d", "mail", 0.4), row("c", "code", 0.1), row("b", "code", 0.3), row("a", "math", 0.2)];
  const { texts } = await draw(weightsChart(rows));
  const places = ["b", "c", "a", "d"].map((name) => texts.indexOf(name));
  assert.deepEqual(places, places.toSorted((x, y) => x - y));
});
