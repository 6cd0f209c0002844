import assert from "node:assert/strict";
import { mutateJavaScript, mutatePython } from "../../../lib/benchmarks/code/mutants.ts";
import { openSandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";

Deno.test("mutatePython() changes what a function returns, once", async () => {
  await using sandbox = await openSandbox({ language: "python", workers: 1 });
  const program = mutatePython(
    "def f(n): return n if n == 0 else 1 + f(n - 1)\ndef g(x): return x\nfrom math import floor",
  );
  const values = ["True", "2", "-.5j", "'a'", "[1]", "(1,)", "{1: 2}", "{1}", "None", "len"];
  const { stdout, stderr } = await sandbox.run(
    `${program}\nprint(f(5), floor(1.5), [g(x) for x in (${values})])`,
    { timeLimit: 60 },
  );
  assert.equal(
    stdout,
    "-6 1 [False, -3, (-1+0.5j), 'a?', [1, None], (1, None), {1: 2, None: None}, {None, 1}, 0, None]\n",
    stderr,
  );
});

Deno.test("mutateJavaScript() changes what a function returns, once", async () => {
  await using sandbox = await openSandbox({ language: "javascript", workers: 1 });
  const program = mutateJavaScript("function f(n) { return n > 0 ? 1 + f(n - 1) : n }", "f");
  const { stdout, stderr } = await sandbox.run(
    `${program}\nconsole.log(JSON.stringify([5, true, "a", ["b"], { b: 1 }, null].map(f)))`,
    { timeLimit: 30 },
  );
  // true > 0, so that its value is 1 + false.
  assert.equal(stdout, '[-6,-2,"a?",["b",null],{"b":1,"":null},0]\n', stderr);
});
