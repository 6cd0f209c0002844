import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { type Check, parseTestSummary, pickChecks, runChecks } from "../../lib/pipeline/checks.ts";

const check = (name: string, failed: number): Check => ({
  name,
  run: () => Promise.resolve({ passed: 1, failed, output: "" }),
});

Deno.test.each([
  ["all passed", "ok | 3 passed | 0 failed (12ms)", 0, { passed: 3, failed: 0 }],
  ["steps and ignored tests", "ok | 3 passed (7 steps) | 0 failed (1 step) | 1 ignored (2s)", 0, {
    passed: 3,
    failed: 0,
  }],
  ["failures", "x ... ok\n\nFAILED | 3 passed | 2 failed (12ms)\n\nerror: Test failed", 1, {
    passed: 3,
    failed: 2,
  }],
  ["a run that failed otherwise", "ok | 3 passed | 0 failed (12ms)", 137, { passed: 3, failed: 1 }],
  ["a run without a test", "ok | 0 passed | 0 failed (0ms)", 0, { passed: 0, failed: 1 }],
  ["no summary at all", "error: Module not found", 1, { passed: 0, failed: 1 }],
])("parseTestSummary() reads %s", (_what, output, code, expected) => {
  assert.deepEqual(parseTestSummary(output, code), expected);
});

Deno.test("pickChecks() keeps the order it was asked for, and names what there is", () => {
  const checks = [check("a", 0), check("b", 0)];
  assert.deepEqual(pickChecks(checks, ["b", "a"]).map(({ name }) => name), ["b", "a"]);
  assert.throws(() => pickChecks(checks, ["c"]), new UsageError('There is no part "c"; there are a, b.'));
});

Deno.test("runChecks() goes on after a failure and after an exception", async () => {
  const broken: Check = { name: "b", run: () => Promise.reject(new Error("broken")) };
  const results = await runChecks([check("a", 1), broken, check("c", 0)], new AbortController().signal);
  assert.deepEqual(results.map(({ name, failed }) => [name, failed]), [["a", 1], ["b", 1], ["c", 0]]);
  assert.match(results[1]?.output ?? "", /broken/);
});

Deno.test("runChecks() stops when it is interrupted", async () => {
  const controller = new AbortController();
  const interrupted: Check = {
    name: "a",
    run(signal) {
      controller.abort(new Error("stop"));
      signal.throwIfAborted();
      return Promise.resolve({ passed: 1, failed: 0, output: "" });
    },
  };
  await assert.rejects(runChecks([interrupted, check("b", 0)], controller.signal), /stop/);
});
