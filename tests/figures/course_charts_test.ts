import assert from "node:assert/strict";
import { learningRateChart, throughputChart } from "../../lib/figures/course_charts.ts";
import type { StepMetrics } from "../../lib/train/metrics.ts";
import { SAMPLE } from "./sample_report.ts";
import { draw } from "./svg.ts";

const STEPS = SAMPLE.metrics.filter((entry): entry is StepMetrics => entry.kind === "step");

Deno.test("learningRateChart() shows the schedule of all stages", async () => {
  const { texts } = await draw(learningRateChart(SAMPLE.stages, STEPS, 410));
  for (const label of ["Learning rate", "0.004", "0", "tokens", "3"]) assert.ok(texts.includes(label), label);
});

Deno.test("throughputChart() starts at zero", async () => {
  const { texts } = await draw(throughputChart(SAMPLE.stages, STEPS, 410));
  for (const label of ["Tokens per second", "8k", "0"]) assert.ok(texts.includes(label), label);
});
