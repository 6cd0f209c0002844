import assert from "node:assert/strict";
import { join } from "node:path";
import type { Notebook } from "../../../lib/pipeline/notebook.ts";
import { compareTaskOutput } from "../../../lib/pipeline/promotion/task_output.ts";
import { inDirectory } from "../../core/temporary.ts";
import { printed } from "../notebooks.ts";

/** A notebook whose task is tasks/trial.ts, after its last promoted cell printed a text. */
function executed(text: string): Notebook {
  const cell = (outputs: string[], tags: string[]) => ({
    cell_type: "code" as const,
    source: "print(1);",
    metadata: { tags },
    outputs: outputs.map(printed),
    execution_count: null,
  });
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { promotion: { task: "trial", description: "A trial" } },
    cells: [
      cell(["an estimate\n"], ["promote", "estimate"]),
      cell([text], ["promote"]),
      cell(["more\n"], []),
    ],
  };
}

Deno.test("compareTaskOutput() finds no difference where both print the same, each from its own folder", () =>
  inDirectory(async (root) => {
    await Deno.mkdir(join(root, "tasks"));
    await Deno.writeTextFile(
      join(root, "tasks/trial.ts"),
      "console.log(`value ${Deno.args}\\nruns/demo/loo`)",
    );
    const compare = (text: string, flag = "7") =>
      compareTaskOutput(executed(text), "notebooks/01_trial.ipynb", root, [flag]);
    assert.equal(await compare("value 7\n../runs/demo/loo\n"), null);
    assert.equal(
      await compare("value 7\n../runs/demo/loo\n", "8"),
      'tasks/trial.ts prints "value 8" in line 1, notebooks/01_trial.ipynb "value 7".',
    );
    assert.equal(
      await compare("value 7\n"),
      'tasks/trial.ts prints "runs/demo/loo" in line 2, notebooks/01_trial.ipynb nothing.',
    );
  }));

Deno.test("compareTaskOutput() says what a task that fails says", () =>
  inDirectory(async (root) => {
    const difference = await compareTaskOutput(executed("7\n"), "notebooks/01_trial.ipynb", root, []);
    assert.match(difference ?? "", /^tasks\/trial\.ts failed:\n.*Module not found/s);
  }));
