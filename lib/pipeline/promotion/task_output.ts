/**
 * Whether a promoted task says the same as its notebook: on the same run, to the letter.
 * @module
 */
import { join } from "node:path";
import { type CodeCell, codeCells, type Notebook } from "../notebook.ts";
import { type ProcessOptions, runProcess } from "../subprocess.ts";
import { promoteNotebook } from "./promoted_task.ts";

/**
 * Runs a notebook's task after the notebook, and compares what both print last.
 *
 * @param executed The notebook with the outputs of a run whose stages the task will find done.
 * @param notebook Its path, relative to the project's root.
 * @param flags Those that the notebook had.
 * @returns What differs, in one sentence with the line; null: nothing.
 */
export async function compareTaskOutput(
  executed: Notebook,
  notebook: string,
  root: string,
  flags: readonly string[],
  options: Pick<ProcessOptions, "seconds" | "signal"> = {},
): Promise<string | null> {
  const file = `tasks/${promoteNotebook(executed, notebook).name}.ts`;
  const arguments_ = ["run", "-q", "-A", "--no-check", join(root, file), ...flags];
  const result = await runProcess(Deno.execPath(), arguments_, {
    ...options,
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  if (result?.code !== 0) return `${file} failed:\n${result?.output}`;
  const last = codeCells(executed).findLast(({ metadata }) => metadata.tags?.includes("promote"));
  const expected = printedBy(last).split("\n"), actual = result.stdout.trimEnd().split("\n");
  const line = Array.from({ length: Math.max(expected.length, actual.length) })
    .findIndex((_, at) => expected[at] !== actual[at]);
  if (line === -1) return null;
  const said = (lines: readonly string[]) => lines[line] === undefined ? "nothing" : `"${lines[line]}"`;
  return `${file} prints ${said(actual)} in line ${line + 1}, ${notebook} ${said(expected)}.`;
}

/** A cell's standard output; paths as they are seen from the project's root, where tasks run. */
function printedBy(cell: CodeCell | undefined): string {
  const texts = cell?.outputs.map((output) => output.output_type === "stream" ? output.text : "") ?? [];
  return texts.join("").trimEnd().replaceAll("../runs/", "runs/");
}
