import assert from "node:assert/strict";
import { probeChart } from "../../lib/figures/probe_chart.ts";
import type { ProbeMetrics } from "../../lib/train/metrics.ts";
import { SAMPLE } from "./sample_report.ts";
import { draw } from "./svg.ts";

const MEASUREMENTS = SAMPLE.metrics.filter((entry): entry is ProbeMetrics => entry.kind === "probe");

Deno.test("probeChart() has a panel a capability with the unigram model's perplexity", async () => {
  const { texts, svg } = await draw(probeChart(SAMPLE.stages, MEASUREMENTS, SAMPLE.probes));
  for (const label of ["code", "math", "knowledge", "unigram 413", "unigram 935"]) {
    assert.ok(texts.includes(label), label);
  }
  assert.equal(svg.split("stroke-dasharray").length - 1, 3);
});

Deno.test("probeChart() numbers the stages where there are several", async () => {
  const numbers = (texts: readonly string[]) => texts.filter((text) => /^[123]$/.test(text)).length;
  assert.equal(numbers((await draw(probeChart(SAMPLE.stages, MEASUREMENTS, []))).texts), 9);
  const one = MEASUREMENTS.filter(({ stage }) => stage === "sft");
  assert.equal(numbers((await draw(probeChart(SAMPLE.stages, one, []))).texts), 0);
});

Deno.test("probeChart() draws a single measurement and a probe without a unigram model", async () => {
  const single = [{ stage: "sft", tokens: 1024, probe: "own", perplexity: 12.3 }];
  const { texts, svg } = await draw(probeChart(SAMPLE.stages, single, []));
  assert.ok(texts.includes("own") && texts.includes("ends at 12.3"));
  assert.doesNotMatch(svg, /NaN|Infinity|unigram/);
});
