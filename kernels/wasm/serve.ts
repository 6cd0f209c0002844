/**
 * The other end of a WorkerPool: a worker that starts, then runs its share of what every message asks for.
 * @module
 */
import { PhaseRunner } from "./barrier.ts";
import type { Phase } from "./plan/context.ts";

/** What a worker says: after the start, and after each run. */
export type Reply = { readonly done: true } | { readonly done: false; readonly message: string };

/** How a worker takes part. */
export interface Share<Run> {
  /** Counters of barrier.ts. */
  readonly control: Int32Array;
  phases(run: Run): readonly Phase[];
}

interface WorkerScope<Message> {
  onmessage: ((event: MessageEvent<Message>) => void) | null;
  postMessage(reply: Reply): void;
}

/** Serves a pool, from inside a worker's module. */
export function serve<Start, Run>(start: (message: Start) => Promise<Share<Run>>): void {
  // The checker types this module as a page's; here `self` is a worker's.
  const scope = self as unknown as WorkerScope<Start & Run>;
  scope.onmessage = async ({ data: first }) => {
    const { control, phases } = await start(first);
    const runner = new PhaseRunner(control);
    scope.onmessage = ({ data: run }) => {
      try {
        runner.run(phases(run));
        scope.postMessage({ done: true });
      } catch (error) {
        scope.postMessage({ done: false, message: error instanceof Error ? error.message : String(error) });
      }
    };
    scope.postMessage({ done: true });
  };
}
