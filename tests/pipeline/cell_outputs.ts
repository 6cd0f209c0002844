/**
 * Cells of code in Jupyter.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { codeCells } from "../../lib/pipeline/notebook.ts";
import { executeNotebook } from "../../lib/pipeline/notebook_execution.ts";
import { prepareJupyter, projectRoot } from "../../lib/pipeline/setup.ts";
import { notebookOf } from "./notebooks.ts";

/** What a cell of code leaves in Jupyter; null: there is none, for want of Python. */
export async function outputsOf(source: string): Promise<unknown[] | null> {
  const jupyter = await prepareJupyter(projectRoot);
  if ("reason" in jupyter) {
    assert.match(jupyter.reason, /python3|pip/);
    return null;
  }
  const path = join(projectRoot, "notebooks", "trial.ipynb");
  const executed = await executeNotebook(notebookOf(source), path, jupyter.python, { secondsPerCell: 60 });
  return codeCells(executed)[0]?.outputs.map((output) => "data" in output ? output.data : output) ??
    [];
}
