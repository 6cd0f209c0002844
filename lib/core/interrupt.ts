/**
 * Ctrl-C as a request: long work looks at the signal between steps, saves, and throws InterruptedError.
 * @module
 */
import { InterruptedError } from "./errors.ts";

/**
 * Runs work that stops at its next safe point on SIGINT or SIGTERM; a second signal ends the process at once
 * (nothing is lost: artefacts are atomic).
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new InterruptedError("Interrupted; run the same command again to go on."));
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, listener);
  }
}
