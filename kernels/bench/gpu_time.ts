/**
 * Timing plans at a device's working clock.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import type { Dispatch } from "../webgpu/plan/dispatch.ts";
import { Plan } from "../webgpu/plan/plan.ts";

/** Microseconds of work in one measurement, and before and after it. */
const measured = 20_000;

/** Milliseconds of uninterrupted work after which an idle GPU runs at its working clock: an H100 idles at a fifth of it. */
const warming = 500;

/** Keeps a device busy until it runs at its working clock. Compile everything before: a pause lets it fall again. */
export async function warmUp(device: Device, dispatches: readonly Dispatch[]): Promise<void> {
  const plan = new Plan(device, dispatches);
  const repetitions = repetitionsFor(await plan.time(1));
  for (const end = performance.now() + warming; performance.now() < end;) await plan.time(repetitions);
}

/** Measurements of which the median is taken. */
const MEASUREMENTS = 5;

/** Microseconds of a list of dispatches: the median of five measurements at the working clock. */
export async function microsecondsOf(device: Device, dispatches: readonly Dispatch[]): Promise<number> {
  const plan = new Plan(device, dispatches);
  const first = await plan.time(1);
  if (first > 10 * measured) return first;
  const times: number[] = [];
  for (let i = 0; i < MEASUREMENTS; i++) times.push(await plan.time(repetitionsFor(first)));
  return times.toSorted((x, y) => x - y)[MEASUREMENTS >> 1] ?? NaN;
}

function repetitionsFor(microseconds: number): number {
  return Math.max(1, Math.min(1000, Math.round(measured / microseconds)));
}
