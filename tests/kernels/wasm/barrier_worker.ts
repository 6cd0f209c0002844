/** A worker of barrier_test.ts: in each phase its tasks add what the phase before left, so that any that is lost, doubled or early shows. */
import { PhaseRunner } from "../../../kernels/wasm/barrier.ts";
import { PHASES, result, TASKS } from "./barrier_phases.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<{ control: Int32Array; sums: Int32Array }>) => void) | null;
  postMessage(reply: string): void;
}
// The checker types this module as a page's; here `self` is a worker's.
const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data: { control, sums } }) => {
  const runner = new PhaseRunner(control);
  const phases = Array.from({ length: PHASES }, (_, number) => ({
    tasks: TASKS,
    run(task: number) {
      // Now and then one takes long.
      const end = performance.now() + ((number * TASKS + task) % 37 === 0 ? 0.5 : 0);
      while (performance.now() < end);
      sums[number * TASKS + task] = result(sums.subarray(Math.max(0, number - 1) * TASKS, number * TASKS));
    },
  }));
  scope.onmessage = () => {
    runner.run(phases);
    scope.postMessage("done");
  };
  scope.postMessage("ready");
};
