/**
 * A notebook as a task that is not promoted yet: it takes the flags of a run, and has what a task's action gets.
 * @module
 */
import { join, relative } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { TaskContext } from "../core/command.ts";
import { runCommand, type RunOptions } from "./run_command.ts";
import { projectRoot } from "./setup.ts";

/** Flags that come after the notebook's own, as tests set them: "--recipe NAME --run NAME", separated by spaces. */
export const NOTEBOOK_FLAGS = "NOTEBOOK_FLAGS";

/** What the cells of a notebook and the body of its task have in common. */
export interface NotebookTask extends TaskContext {
  readonly options: RunOptions;
}

/**
 * Reads the flags of a run. Its folder is the one that tasks have, in the project's runs/.
 *
 * @param flags As on a task's command line: "--recipe demo --run demo". Those in the environment's NOTEBOOK_FLAGS come after them.
 * @throws {UsageError} for a flag that no task has.
 */
export function notebookTask(flags = ""): NotebookTask {
  const words = `${flags} ${Deno.env.get(NOTEBOOK_FLAGS) ?? ""}`.split(/\s+/).filter((word) => word !== "");
  const command = runCommand("notebook", "A notebook's run");
  try {
    command.parse(words, { from: "user" });
  } catch (error) {
    throw new UsageError(
      `The notebook's flags "${words.join(" ")}": ${error instanceof Error ? error.message : error}`,
    );
  }
  return {
    // Moving to the project's root instead would change what the cells' imports are relative to.
    options: { ...command.opts<RunOptions>(), root: relative(Deno.cwd(), join(projectRoot, "runs")) },
    // Jupyter's own interruption ends the cell; a stage goes on from its last checkpoint.
    signal: new AbortController().signal,
    print: (result, toText) => console.log(toText(result)),
  };
}
