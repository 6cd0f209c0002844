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

Deno.test("learningRateAt() stays between the floor and the peak once warm, whatever the schedule", () => {
  const schedules = fc.record({
    peak: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    warmupSteps: fc.nat(50),
    totalSteps: fc.integer({ min: 1, max: 200 }),
    decay: fc.constantFrom("linear" as const, "cosine" as const),
    floor: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(fc.property(schedules, (schedule) => {
    let previous = Infinity;
    for (let step = schedule.warmupSteps; step < schedule.totalSteps; step++) {
      const rate = learningRateAt(schedule, step);
      assert.ok(rate <= schedule.peak * (1 + 1e-12) && rate >= schedule.peak * schedule.floor * (1 - 1e-12));
      assert.ok(rate <= previous);
      previous = rate;
    }
  }));
});
