import assert from "node:assert/strict";
import { join } from "node:path";
import { codeCells, type Output } from "../../lib/pipeline/notebook.ts";
import { compareOutputs, executeNotebook } from "../../lib/pipeline/notebook_execution.ts";
import { RunError } from "../../lib/core/errors.ts";
import { prepareJupyter, projectRoot } from "../../lib/pipeline/setup.ts";
import { notebookOf, printed, returned, withOutputs } from "./notebooks.ts";

const cells = notebookOf("a", "b");

Deno.test("compareOutputs() finds nothing where nothing differs, split into lines or not", () => {
  const file = withOutputs(cells, [[printed("x")], [
    returned({ "text/html": ["a\n", "b"], "application/json": [1] }),
  ]]);
  const run = withOutputs(cells, [[printed("x")], [
    returned({ "text/html": "a\nb", "application/json": [1] }),
  ]]);
  assert.deepEqual(compareOutputs(file, run), []);
});

Deno.test("compareOutputs() finds a lost output, a new one and another kind", () => {
  const file = withOutputs(cells, [[printed("x"), returned({ "text/plain": "1" })], []]);
  const run = withOutputs(cells, [[printed("x")], [returned({ "text/html": "1", "text/plain": "1" })]]);
  assert.deepEqual(compareOutputs(file, run), [
    "cell [1] shows stdout; the file has stdout, result (text/plain).",
    "cell [2] shows result (text/html, text/plain); the file has nothing.",
  ]);
});

Deno.test("compareOutputs() quotes the first line that differs", () => {
  const file = withOutputs(cells, [[printed("a\nb\nc")], [printed("1\n2")]]);
  const run = withOutputs(cells, [[printed("a\nB\nC")], [printed("1")]]);
  assert.deepEqual(compareOutputs(file, run), [
    'cell [1] shows another stdout than the file has: "B" where it has "b".',
    'cell [2] shows another stdout than the file has: nothing where it has "2".',
  ]);
});

Deno.test("compareOutputs() quotes the part of a long line that differs", () => {
  const long = (value: number) => [[printed(`${"a".repeat(100)}${value}${"b".repeat(100)}`)]];
  assert.deepEqual(compareOutputs(withOutputs(cells, long(1)), withOutputs(cells, long(2))), [
    `cell [1] shows another stdout than the file has: "…${"a".repeat(30)}2${"b".repeat(29)}…" ` +
    `where it has "…${"a".repeat(30)}1${"b".repeat(29)}…".`,
  ]);
});

Deno.test("compareOutputs() compares kinds only in a cell tagged varies", () => {
  const file = withOutputs(cells, [[printed("1.2 s")]], ["varies"]);
  assert.deepEqual(compareOutputs(file, withOutputs(cells, [[printed("1.3 s")]], ["varies"])), []);
  assert.equal(compareOutputs(file, withOutputs(cells, [[]], ["varies"])).length, 1);
});

Deno.test("compareOutputs() stops at the cell that failed", () => {
  const failure = {
    output_type: "error" as const,
    ename: "TypeError",
    evalue: "no",
    traceback: ["TypeError: no", "    at <anonymous>:3:7"],
  };
  const run = withOutputs(cells, [[printed("x"), failure], []]);
  assert.deepEqual(compareOutputs(withOutputs(cells, [[printed("x")], [printed("y")]]), run), [
    "cell [1] failed: TypeError: no (line 3 of the compiled cell)",
  ]);
});

Deno.test("executeNotebook() says that there is no Jupyter", async () => {
  const path = join(projectRoot, "notebooks", "trial.ipynb");
  await assert.rejects(
    executeNotebook(cells, path, "/nowhere/bin/python", { secondsPerCell: 5 }),
    (error) => error instanceof RunError && /There is no .*python/.test(error.message),
  );
});

/** Outputs of cells in the real kernel; `null` on a machine that Jupyter cannot be set up on, which the notebooks' tests report. */
async function execute(secondsPerCell: number, ...sources: string[]): Promise<Output[][] | null> {
  const jupyter = await prepareJupyter(projectRoot);
  if ("reason" in jupyter) {
    assert.match(jupyter.reason, /python3|pip/);
    return null;
  }
  const path = join(projectRoot, "notebooks", "trial.ipynb");
  const executed = await executeNotebook(notebookOf(...sources), path, jupyter.python, { secondsPerCell });
  return codeCells(executed).map((cell) => cell.outputs);
}

Deno.test("executeNotebook() keeps outputs that the kernel sends late, and works where the notebook is", async () => {
  const results = Array.from({ length: 6 }, (_, index) => `console.log("a"); console.log("b"); ${index}`);
  const outputs = await execute(
    30,
    `import { sha256 } from "../lib/core/artefacts.ts";\nsha256("").length`,
    ...results,
    `({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>hi</b>" }) })`,
  );
  if (outputs === null) return;
  const shown = outputs.map((cell) =>
    cell.map((output) =>
      output.output_type === "stream" ? output.text : "data" in output ? output.data : output
    )
  );
  assert.deepEqual(shown, [
    [{ "text/plain": "64" }],
    ...results.map((_, index) => ["a\nb\n", { "text/plain": String(index) }]),
    [{ "text/html": "<b>hi</b>" }],
  ]);
});

Deno.test.each([
  ["a cell that throws", "throw new TypeError('no')", "TypeError", "no"],
  [
    "a cell that never ends",
    "await new Promise(() => {})",
    "Timeout",
    "The cell did not end within 2 seconds.",
  ],
  ["a kernel that dies", "Deno.exit(3)", "KernelDied", "The kernel ended."],
])("executeNotebook() stops at %s", async (_what, source, name, message) => {
  const outputs = await execute(2, "1", source, "2");
  if (outputs === null) return;
  assert.deepEqual(outputs.map((cell) => cell.length), [1, 1, 0]);
  const [error] = outputs[1] ?? [];
  assert.ok(error?.output_type === "error");
  assert.deepEqual([error.ename, error.evalue], [name, message]);
});

Deno.test("executeNotebook() keeps the last state of a display that is updated, and no progress", async () => {
  const outputs = await execute(
    30,
    `console.error("50%");
for (const n of [1, 2, 3]) {
  await Deno.jupyter.display({ "text/plain": String(n) }, { raw: true, display_id: "count", update: n > 1 });
}`,
  );
  if (outputs === null) return;
  assert.deepEqual(outputs[0]?.map((output) => "data" in output ? output.data : output), [{
    "text/plain": "3",
  }]);
});
