/**
 * Learning-rate schedules: linear warm-up, then linear or cosine decay to a share of the peak.
 * @module
 */

/** A schedule over the updates of one stage. */
export interface Schedule {
  /** Learning rate at the end of the warm-up. */
  readonly peak: number;
  /** Updates over which the rate rises linearly from 0; the first update already has peak / warmupSteps. */
  readonly warmupSteps: number;
  /** Updates of the whole stage. */
  readonly totalSteps: number;
  /** Shape of the decay; the paper says linear, its released script cosine. */
  readonly decay: "linear" | "cosine";
  /** Share of the peak that the last update approaches: 0.1 in pretraining, 0 after it. */
  readonly floor: number;
}

/**
 * Learning rate of an update.
 *
 * @param step Updates done before this one, 0 … totalSteps − 1.
 *
 * @example
 * ```ts
 * import { learningRateAt } from "./schedule.ts";
 * import assert from "node:assert/strict";
 * const schedule = { peak: 4e-3, warmupSteps: 2000, totalSteps: 500_000, decay: "linear", floor: 0.1 } as const;
 * assert.equal(learningRateAt(schedule, 1999), 4e-3);
 * assert.ok(Math.abs(learningRateAt(schedule, 500_000) - 4e-4) < 1e-12);
 * ```
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { peak, warmupSteps, totalSteps, decay, floor } = schedule;
  if (step < warmupSteps) return peak * (step + 1) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const remaining = decay === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return peak * (floor + (1 - floor) * remaining);
}
