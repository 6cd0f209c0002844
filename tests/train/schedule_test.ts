import assert from "node:assert/strict";
import fc from "fast-check";
import { learningRateAt, type Schedule } from "../../lib/train/schedule.ts";

const linear: Schedule = { peak: 8, warmupSteps: 4, totalSteps: 12, decay: "linear", floor: 0.25 };

Deno.test("learningRateAt() rises linearly to the peak, then falls linearly to the floor", () => {
  const rates = Array.from({ length: 13 }, (_, step) => learningRateAt(linear, step));
  assert.deepEqual(rates, [2, 4, 6, 8, 8, 7.25, 6.5, 5.75, 5, 4.25, 3.5, 2.75, 2]);
});

Deno.test("learningRateAt() follows the half cosine of the released script", () => {
  const schedule: Schedule = { peak: 1, warmupSteps: 0, totalSteps: 100, decay: "cosine", floor: 0.1 };
  for (const step of [0, 25, 50, 75, 100]) {
    const expected = 0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * step / 100));
    assert.ok(Math.abs(learningRateAt(schedule, step) - expected) < 1e-15);
  }
});

/** Schedules of every shape, warm-ups of nothing and of everything included. */
const schedules = fc.record({
  peak: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  warmupSteps: fc.nat(60),
  totalSteps: fc.integer({ min: 1, max: 200 }),
  decay: fc.constantFrom("linear" as const, "cosine" as const),
  floor: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
});

/**
 * The closed form: a line through 0 one step before the first and the peak at the last of the warm-up; then a line or a half cosine from the
 * peak to the floor, which the step after the last would have.
 */
function closedForm({ peak, warmupSteps: w, totalSteps: n, decay, floor }: Schedule, step: number): number {
  if (step < w) return peak / w * (step + 1);
  const low = peak * floor;
  if (decay === "linear") return peak + (low - peak) * (step - w) / (n - w);
  return (peak + low) / 2 + (peak - low) / 2 * Math.cos(Math.PI * (step - w) / (n - w));
}

Deno.test("learningRateAt() is its closed form at every step, whatever the schedule", () => {
  fc.assert(fc.property(schedules, (schedule) => {
    for (let step = 0; step < schedule.totalSteps; step++) {
      const difference = learningRateAt(schedule, step) - closedForm(schedule, step);
      assert.ok(Math.abs(difference) <= 1e-14 * schedule.peak, `step ${step}: ${difference}`);
    }
  }));
});

Deno.test("learningRateAt() is the closed form at each of the paper's 500,000 and the script's 480,000 steps", () => {
  const paper: Schedule = { peak: 4e-3, warmupSteps: 2000, totalSteps: 500_000, decay: "linear", floor: 0.1 };
  const script: Schedule = {
    peak: 5e-4,
    warmupSteps: 1000,
    totalSteps: 480_000,
    decay: "cosine",
    floor: 0.1,
  };
  for (const schedule of [paper, script]) {
    let largest = 0;
    for (let step = 0; step < schedule.totalSteps; step++) {
      largest = Math.max(largest, Math.abs(learningRateAt(schedule, step) - closedForm(schedule, step)));
    }
    assert.ok(largest <= 1e-14 * schedule.peak, `${schedule.decay}: ${largest}`);
  }
});

Deno.test("learningRateAt() falls without a rise from the peak to the floor once it is warm", () => {
  fc.assert(fc.property(schedules, (schedule) => {
    const { peak, floor, warmupSteps, totalSteps } = schedule;
    let previous = peak * (1 + 1e-12);
    for (let step = warmupSteps; step < totalSteps; step++) {
      const rate = learningRateAt(schedule, step);
      assert.ok(rate <= previous && rate >= peak * floor * (1 - 1e-12));
      previous = rate;
    }
  }));
});
