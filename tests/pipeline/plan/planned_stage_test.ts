import assert from "node:assert/strict";
import fc from "fast-check";
import {
  amount,
  type Cluster,
  formatBytes,
  planStage,
  type Work,
} from "../../../lib/pipeline/plan/planned_stage.ts";

const cluster: Cluster = {
  nodes: 2,
  gpusPerNode: 8,
  teraflopsPerGpu: 100,
  judgeParameters: 1,
  teacherParameters: 1,
};

function work(changes: Partial<Work>): Work {
  return {
    stage: "s",
    jobs: 1,
    gpusPerJob: 8,
    tokens: 0,
    flops: 0,
    storageBytes: 0,
    arithmetic: [],
    ...changes,
  };
}

Deno.test("planStage() divides by the rate, and queues the jobs that do not fit", () => {
  // 5 jobs of 8 GPUs for a day each; two fit at once.
  const { gpuHours, days, arithmetic } = planStage(work({ jobs: 5, flops: 5 * 8 * 86400 * 100e12 }), cluster);
  assert.equal(gpuHours, 5 * 8 * 24);
  assert.equal(days, 3);
  assert.deepEqual(arithmetic, [
    "÷ 100 TFLOP/s a GPU = 960 GPU hours",
    "5 jobs of 8 GPUs, 2 at once: 3.00 days",
  ]);
});

Deno.test("planStage() takes hours that are known, and no GPU takes none", () => {
  assert.equal(planStage(work({ gpuHours: 16, flops: 1e30 }), cluster).days, 2 / 24);
  assert.deepEqual(planStage(work({ gpusPerJob: 0, gpuHours: 0 }), cluster).arithmetic, []);
});

Deno.test("planStage() never uses more GPUs than there are", () => {
  const jobs = fc.record({
    jobs: fc.integer({ min: 1, max: 100 }),
    gpusPerJob: fc.constantFrom(1, 2, 4, 8, 16),
    flops: fc.double({ min: 1e15, max: 1e24, noNaN: true }),
  });
  fc.assert(fc.property(jobs, (own) => {
    const { gpuHours, days } = planStage(work(own), cluster);
    assert.ok(gpuHours / (days * 24) <= 16 * (1 + 1e-12));
  }));
});

Deno.test("amount() and formatBytes() say three digits", () => {
  assert.deepEqual([7, 2.097e12, 1.28e22].map(amount), ["7", "2.10T", "1.28e+22"]);
  assert.deepEqual([0, 999, 7.14e12].map(formatBytes), ["0.00 B", "999 B", "7.14 TB"]);
});
