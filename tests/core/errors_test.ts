import assert from "node:assert/strict";
import { exitCodeOf, InterruptedError, RunError, UsageError } from "../../lib/core/errors.ts";

Deno.test("exitCodeOf() gives 2 for bad usage, 130 for an interruption, 1 for all else", () => {
  assert.equal(exitCodeOf(new UsageError("x")), 2);
  assert.equal(exitCodeOf(new InterruptedError("x")), 130);
  assert.equal(exitCodeOf(new RunError("x")), 1);
  assert.equal(exitCodeOf(new TypeError("x")), 1);
  assert.equal(exitCodeOf("thrown text"), 1);
});

Deno.test("the errors print their own names", () => {
  for (
    const [error, text] of [[new UsageError("a"), "UsageError: a"], [new RunError("b"), "RunError: b"], [
      new InterruptedError("c"),
      "InterruptedError: c",
    ]] as const
  ) assert.equal(String(error), text);
});
