/**
 * One worker: waits for a run, takes its share of the tasks, and says when all are done.
 * @module
 */
import { runPhases } from "./barrier.ts";
import { blasMultiply } from "./blas.ts";
import type { Crew } from "./memory/batch.ts";
import { modelMemory } from "./memory/model.ts";
import { instantiateKernels } from "./module.ts";
import { Planner, type Run } from "./plan.ts";
import type { TransformerShape } from "./shape.ts";

/** The first message to a worker. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shape: TransformerShape;
  readonly crew: Crew;
  /** Its number, 0 … workers − 1. */
  readonly worker: number;
}

/** What a worker says: after the start, and after each run. */
export type Reply = { readonly done: true } | { readonly done: false; readonly message: string };

interface WorkerScope {
  onmessage: ((event: MessageEvent<Start & Run>) => void) | null;
  postMessage(reply: Reply): void;
}
// The checker types this module as a page's; here `self` is a worker's.
const scope = self as unknown as WorkerScope;

scope.onmessage = async ({ data: start }: MessageEvent<Start>) => {
  const { memory, shape, crew, worker } = start;
  const kernels = await instantiateKernels(start.module, memory);
  const control = new Int32Array(memory.buffer, modelMemory(shape).control, 3);
  const multiply = crew.blas === undefined ? undefined : blasMultiply(crew.blas, memory);
  const planner = new Planner(kernels, memory, shape, crew, worker, multiply);
  scope.onmessage = ({ data: run }: MessageEvent<Run>) => {
    try {
      runPhases(control, crew.workers, planner.phases(run));
      scope.postMessage({ done: true });
    } catch (error) {
      scope.postMessage({ done: false, message: error instanceof Error ? error.message : String(error) });
    }
  };
  scope.postMessage({ done: true });
};
