/** `deno task lab [notebook]`: JupyterLab on the notebooks, with a Deno kernel of the project's own. */
import { InvalidArgumentError } from "commander";
import { relative } from "node:path";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { RunError } from "../lib/core/errors.ts";
import { codeCommand, findLab, runLab } from "../lib/pipeline/lab.ts";
import { findNotebooks } from "../lib/pipeline/notebook_check.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

interface Options {
  readonly port: number;
  readonly browser: boolean;
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 2 ** 16) return value;
  throw new InvalidArgumentError("expected a port, 1 to 65535.");
}

const command = taskCommand("lab", "JupyterLab on the notebooks, with the Deno kernel.")
  .usage("[options] [notebook]")
  .argument("[notebook]", 'as "01_corpus", which is the default')
  .option("--port <port>", "where it listens", port, 8888)
  .option("--no-browser", "print the address only");

await runTask<Options>(command, async ({ port, browser }, { signal }, [name = "01_corpus"]) => {
  const [notebook = ""] = await findNotebooks(projectRoot, [name]);
  const lab = await findLab(projectRoot, { signal });
  // The kernel is registered now, whether there is a JupyterLab or not.
  console.error(`VS Code, with its Jupyter extension: ${codeCommand(projectRoot)}`);
  if ("reason" in lab) throw new RunError(`${lab.reason} This installs it: ${lab.command}`);
  const path = relative(projectRoot, notebook).replaceAll("\\", "/");
  await runLab(lab, projectRoot, { path, port, browser, signal });
});
