import assert from "node:assert/strict";
import { RunError, UsageError } from "../../../lib/core/errors.ts";
import { openSandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";

Deno.test("openSandbox() refuses settings that are no positive whole numbers", async () => {
  for (const wrong of [{ workers: 0 }, { workers: 1.5 }, { memory: -1 }, { memory: NaN }]) {
    await assert.rejects(openSandbox({ language: "javascript", ...wrong }), UsageError);
  }
});

Deno.test("run() refuses time limits out of range", async () => {
  await using sandbox = await openSandbox({ language: "javascript", workers: 1 });
  for (const timeLimit of [0, -1, 601, NaN]) {
    await assert.rejects(sandbox.run("", { timeLimit }), UsageError);
  }
});

Deno.test("run() keeps the output of programs apart that run side by side", async () => {
  await using sandbox = await openSandbox({ language: "javascript", workers: 2 });
  const outcomes = await Promise.all(
    [1, 2, 3, 4, 5].map((i) => sandbox.run(`console.log(${i}); console.error(-${i})`, { timeLimit: 20 })),
  );
  assert.deepEqual(outcomes.map(({ status }) => status), Array(5).fill("passed"));
  assert.deepEqual(outcomes.map(({ stdout }) => stdout), ["1\n", "2\n", "3\n", "4\n", "5\n"]);
  assert.deepEqual(outcomes.map(({ stderr }) => stderr), ["-1\n", "-2\n", "-3\n", "-4\n", "-5\n"]);
});

Deno.test("run() replaces a process that ran out of time", async () => {
  await using sandbox = await openSandbox({ language: "typescript", workers: 1 });
  const { status, seconds } = await sandbox.run("for (;;);", { timeLimit: 0.3 });
  assert.equal(status, "timeout");
  assert.ok(seconds >= 0.3 && seconds < 10, `${seconds} s`);
  assert.equal((await sandbox.run("const x: number = 1", { timeLimit: 20 })).status, "passed");
});

Deno.test("a sandbox that is closed ends its programs, and those that wait", async () => {
  const sandbox = await openSandbox({ language: "javascript", workers: 1 });
  const endless = assert.rejects(sandbox.run("for (;;);", { timeLimit: 60 }), RunError);
  const waiting = assert.rejects(sandbox.run("1", { timeLimit: 60 }), RunError);
  await sandbox[Symbol.asyncDispose]();
  await endless;
  await waiting;
});
