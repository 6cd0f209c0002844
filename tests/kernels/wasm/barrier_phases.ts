/** What barrier_test.ts and its workers agree on. */

/** Phases of a run, and tasks of each. */
export const PHASES = 100;
export const TASKS = 8;

/** What a task leaves, from what the phase before left. */
export function result(before: Int32Array): number {
  return before.reduce((a, b) => a + b, 1) % 1000003;
}
