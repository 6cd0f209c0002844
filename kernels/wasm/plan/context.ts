/**
 * What the phases of a plan share.
 *
 * A plan is a list of phases; a phase is a number of tasks, any of which any worker may run, in any order: each writes
 * only what belongs to it, and each sum has one owner and one order. That is why the bits of a result do not depend on
 * the number of workers. A phase begins when all tasks of the one before are done (barrier.ts).
 * @module
 */
import type { BatchMemory, Scratch } from "../memory/batch.ts";
import type { ModelMemory } from "../memory/model.ts";
import type { Kernels } from "../kernels.ts";
import type { BatchShape, TransformerShape } from "../shape.ts";
import type { Products } from "./products.ts";

/** Tasks that do not wait for each other. */
export interface Phase {
  readonly tasks: number;
  run(task: number): void;
}

/** Numbers that change from call to call, while the plan stays. */
export interface Settings {
  /** Add to the gradient instead of replacing it: every micro-batch but the first. */
  readonly accumulate: boolean;
  /** 1 / Σ weight of all targets of the step. */
  readonly lossScale: number;
  /** τ, s and the direction of a teacher; unused without one. */
  readonly temperature: number;
  readonly crossEntropyShare: number;
  readonly reverse: boolean;
  /** Rows whose logits are wanted: `logitCount` of them, every `logitStep`th from `logitFirst` on. */
  readonly logitFirst: number;
  readonly logitStep: number;
  readonly logitCount: number;
}

/** Settings for a run that has no use for them. */
export const NO_SETTINGS: Settings = {
  accumulate: false,
  lossScale: 0,
  temperature: 1,
  crossEntropyShare: 1,
  reverse: false,
  logitFirst: 0,
  logitStep: 1,
  logitCount: 0,
};

/** Everything that a task reads; the buffers' contents aside, only `settings` changes. */
export interface Context {
  readonly kernels: Kernels;
  readonly products: Products;
  readonly shape: TransformerShape;
  readonly batch: BatchShape;
  readonly model: ModelMemory;
  readonly memory: BatchMemory;
  readonly scratch: Scratch;
  /** A view of the memory from an address. */
  readonly floats: (at: number, count: number) => Float32Array;
  settings: Settings;
}

/** A phase from a list of tasks. */
export function phase(tasks: readonly (() => void)[]): Phase {
  // The pool runs tasks 0 … tasks − 1 only.
  return { tasks: tasks.length, run: (task) => (tasks[task] as () => void)() };
}
