import assert from "node:assert/strict";
import { lossChart } from "../../lib/figures/loss_chart.ts";
import { NARROW, WIDE } from "../../lib/figures/theme.ts";
import type { StepMetrics } from "../../lib/train/metrics.ts";
import { SAMPLE } from "./sample_report.ts";
import { draw } from "./svg.ts";

const STEPS = SAMPLE.metrics.filter((entry): entry is StepMetrics => entry.kind === "step");

Deno.test("lossChart() has a panel for every stage with steps, with its first and last loss", async () => {
  const { texts } = await draw(lossChart(SAMPLE.stages, STEPS));
  for (
    const label of ["Pretraining, phase 1", "8.31 → 4.42", "Fine-tuning on solutions", "3.92 → 2.96", "200k"]
  ) {
    assert.ok(texts.includes(label), label);
  }
  assert.ok(!texts.includes("Evaluation"));
});

Deno.test("lossChart() keeps to its width", async () => {
  for (const width of [NARROW, WIDE]) {
    const { width: drawn } = await draw(lossChart(SAMPLE.stages, STEPS, width));
    assert.ok(drawn <= width && drawn > width - 30, `${drawn} of ${width}`);
  }
});

Deno.test("lossChart() stays small however long the run", async () => {
  const long = Array.from(
    { length: 50_000 },
    (_, i) => ({ stage: "sft", tokens: i + 1, loss: 4 + Math.sin(i) }),
  );
  const { svg } = await draw(lossChart(SAMPLE.stages, long));
  assert.ok(svg.length < 20_000, `${svg.length} bytes`);
});

Deno.test("lossChart() draws one step, a constant loss, a diverged one, and no steps", async () => {
  const step = (tokens: number, loss: number) => ({ stage: "sft", tokens, loss });
  for (const steps of [[step(10, 3)], [step(1, 3), step(2, 3)], [step(1, 3), step(2, NaN)], []]) {
    assert.doesNotMatch((await draw(lossChart(SAMPLE.stages, steps))).svg, /NaN|Infinity/);
  }
});
