import assert from "node:assert/strict";
import { sourcesChart } from "../../lib/figures/sources_chart.ts";
import { SAMPLE } from "./sample_report.ts";
import { draw } from "./svg.ts";

Deno.test("sourcesChart() shows documents and tokens, the largest source of a domain first", async () => {
  const { texts } = await draw(sourcesChart(SAMPLE.sources));
  for (const label of ["Documents", "Tokens", "118k", "2.81M", "mail"]) {
    assert.ok(texts.includes(label), label);
  }
  const order = ["code", "three-examples", "curriculum-code", "stdlib-code", "math"];
  assert.deepEqual(texts.slice(0, order.length), order);
});
