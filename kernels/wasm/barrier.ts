/**
 * How workers share the tasks of a phase and meet after it, on three counters in the shared memory.
 * @module
 */
import type { Phase } from "./plan/context.ts";

/** Places in the control array. */
const NEXT = 0;
const ARRIVED = 1;
const GENERATION = 2;

/** Looks at the generation before a worker goes to sleep: about as long as waking it would take. */
const SPINS = 5000;

/** Runs phases together with `workers − 1` others that do the same; returns when all have finished. */
export function runPhases(control: Int32Array, workers: number, phases: readonly Phase[]) {
  for (const phase of phases) {
    for (let task = Atomics.add(control, NEXT, 1); task < phase.tasks; task = Atomics.add(control, NEXT, 1)) {
      phase.run(task);
    }
    meet(control, workers);
  }
}

/** Returns once every worker has called it; the last one puts the task counter back. */
function meet(control: Int32Array, workers: number) {
  const generation = Atomics.load(control, GENERATION);
  if (Atomics.add(control, ARRIVED, 1) === workers - 1) {
    Atomics.store(control, NEXT, 0);
    Atomics.store(control, ARRIVED, 0);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    return;
  }
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.load(control, GENERATION) !== generation) return;
  }
  while (Atomics.load(control, GENERATION) === generation) Atomics.wait(control, GENERATION, generation);
}
