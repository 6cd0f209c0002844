/**
 * A worker of a TransformerRuntime.
 * @module
 */
import { blasMultiply } from "./blas.ts";
import type { Crew } from "./memory/batch.ts";
import { modelMemory } from "./memory/model.ts";
import { instantiateKernels } from "./module.ts";
import { Planner, type Run } from "./plan.ts";
import { serve } from "./serve.ts";
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

serve<Start, Run>(async ({ module, memory, shape, crew, worker }) => {
  const kernels = await instantiateKernels(module, memory);
  const multiply = crew.blas === undefined ? undefined : blasMultiply(crew.blas, memory);
  const planner = new Planner(kernels, memory, shape, crew, worker, multiply);
  return {
    control: new Int32Array(memory.buffer, modelMemory(shape).control, 3),
    phases: (run) => planner.phases(run),
  };
});
