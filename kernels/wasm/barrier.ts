/**
 * How workers share the tasks of one phase after another, on three counters in the shared memory.
 *
 * A phase has ended when its tasks are done, whoever did them: a worker that the operating system holds up without a
 * task holds up nobody, and takes part again in whatever phase the others have come to.
 * @module
 */
import type { Phase } from "./plan/context.ts";

/** Places in the control array: which phase, and the next task of it; tasks done; which phase again, to sleep on. */
const NEXT = 0;
const DONE = 1;
const PHASE = 2;

/** Low bits of NEXT, the task; the bits above are the phase's number, counted on from run to run and around. */
const TASK_BITS = 20;
const TASKS = 2 ** TASK_BITS;
const PHASES = 2 ** (32 - TASK_BITS);

/** Looks at the phase before a worker goes to sleep: about as long as waking it would take. */
const SPINS = 5000;

/** One worker's part in all runs; every worker of a crew has to take part in each. */
export class PhaseRunner {
  /** Number of the next run's first phase. */
  #first = 0;

  constructor(private readonly control: Int32Array) {}

  /** Runs phases together with the others; returns when all have finished. A run has fewer than 4096 phases. */
  run(phases: readonly Phase[]) {
    const { control } = this;
    const work = phases.filter(({ tasks }) => tasks > 0);
    const end = (this.#first + work.length) % PHASES;
    for (;;) {
      const next = Atomics.load(control, NEXT);
      const number = next >>> TASK_BITS;
      if (number === end) break;
      // Between the first phase and the end.
      const phase = work[(number - this.#first + PHASES) % PHASES] as Phase;
      const task = next & (TASKS - 1);
      if (task === phase.tasks) this.#waitBehind(number);
      else if (Atomics.compareExchange(control, NEXT, next, next + 1) === next) {
        phase.run(task);
        if (Atomics.add(control, DONE, 1) === phase.tasks - 1) this.#advance(number);
      }
    }
    this.#first = end;
  }

  #advance(number: number) {
    const { control } = this;
    const following = (number + 1) % PHASES;
    Atomics.store(control, DONE, 0);
    Atomics.store(control, NEXT, following << TASK_BITS);
    Atomics.store(control, PHASE, following);
    Atomics.notify(control, PHASE);
  }

  #waitBehind(number: number) {
    const { control } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(control, PHASE) !== number) return;
    }
    while (Atomics.load(control, PHASE) === number) Atomics.wait(control, PHASE, number);
  }
}
