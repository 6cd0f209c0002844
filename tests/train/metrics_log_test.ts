import assert from "node:assert/strict";
import { join } from "node:path";
import type { StepMetrics } from "../../lib/train/metrics.ts";
import { MetricsLog, readMetrics } from "../../lib/train/metrics_log.ts";

function step(number: number): StepMetrics {
  return {
    kind: "step",
    stage: "pretrain-1",
    step: number,
    tokens: number * 64,
    loss: 1 / number,
    learningRate: 1e-3,
    gradientNorm: 1,
    tokensPerSecond: 1000,
  };
}

Deno.test("MetricsLog.open() forgets what lies after the checkpoint", async () => {
  const path = join(await Deno.makeTempDir(), "metrics.jsonl");
  {
    using log = await MetricsLog.open(path, -1);
    for (const number of [1, 2, 3]) log.append(step(number));
  }
  {
    using log = await MetricsLog.open(path, 2);
    log.append(step(3));
  }
  assert.deepEqual(await readMetrics(path), [step(1), step(2), step(3)]);
});

Deno.test("readMetrics() drops a last line that a crash cut short", async () => {
  const path = join(await Deno.makeTempDir(), "metrics.jsonl");
  await Deno.writeTextFile(path, JSON.stringify(step(1)) + "\n" + JSON.stringify(step(2)).slice(0, 20));
  assert.deepEqual(await readMetrics(path), [step(1)]);
});

Deno.test("readMetrics() of a missing file is empty", async () => {
  assert.deepEqual(await readMetrics(join(await Deno.makeTempDir(), "none.jsonl")), []);
});
