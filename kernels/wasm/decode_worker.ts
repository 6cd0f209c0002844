/**
 * A worker of a DecodeRuntime.
 * @module
 */
import { type DecodeLayout, decodeMemory } from "./memory/decode.ts";
import { instantiateKernels } from "./module.ts";
import { DecodePlanner } from "./plan/decode.ts";
import type { Pass } from "./plan/decode_context.ts";
import { serve } from "./serve.ts";

/** The first message to a worker. */
export interface DecodeStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: DecodeLayout;
  /** Its number, 0 … workers − 1. */
  readonly worker: number;
}

serve<DecodeStart, Pass>(async ({ module, memory, layout, worker }) => {
  const planner = new DecodePlanner(await instantiateKernels(module, memory), memory, layout, worker);
  return {
    control: new Int32Array(memory.buffer, decodeMemory(layout).control, 3),
    phases: (pass) => planner.phases(pass),
  };
});
