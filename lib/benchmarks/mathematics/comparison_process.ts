/**
 * Compares answers in a process that can be killed: Deno does not stop a worker that is busy. It says "ready" first; then each
 * line of [answer, gold] on standard input gets a line with a boolean.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Comparison } from "./compare.ts";

// The engine reports what it makes of odd input; the answer says enough.
for (const level of ["log", "info", "warn", "error"] as const) console[level] = () => {};

const comparison = new Comparison();
const encoder = new TextEncoder();
const say = (value: unknown) => Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(value)}\n`));

say("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [answer, gold] = JSON.parse(line) as [string, string];
  try {
    say(comparison.equal(answer, gold));
  } catch (error) {
    // Such as a number that is too large to write down: not shown to be equal.
    if (!(error instanceof RangeError)) throw error;
    say(false);
  }
}
