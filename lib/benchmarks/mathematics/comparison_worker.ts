/**
 * Compares answers in a thread that can be stopped. It says "ready" first; then each [answer, gold] gets a boolean.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { Comparison } from "./compare.ts";

// The engine reports what it makes of odd input; the answer says enough.
for (const level of ["log", "info", "warn", "error"] as const) console[level] = () => {};

const comparison = new Comparison();

parentPort?.on("message", ([answer, gold]: [string, string]) => {
  try {
    parentPort?.postMessage(comparison.equal(answer, gold));
  } catch (error) {
    // Such as a number that is too large to write down: not shown to be equal.
    if (!(error instanceof RangeError)) throw error;
    parentPort?.postMessage(false);
  }
});
parentPort?.postMessage("ready");
