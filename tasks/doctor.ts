/**
 * `deno task doctor`: what is on this machine, and the one command for each thing that is missing.
 * @module
 */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { RunError } from "../lib/core/errors.ts";
import { environmentTable, inspectEnvironment } from "../lib/pipeline/environment.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

const command = taskCommand("doctor", "What is on this machine, and how to get what is missing.");

await runTask(command, async (_options, { print }) => {
  const components = await inspectEnvironment(projectRoot);
  print({ components }, () => environmentTable(components));
  const lacking = components.filter(({ needed, found }) => needed && !found);
  if (lacking.length > 0) {
    throw new RunError(`The demo needs ${lacking.map(({ name }) => name).join(", ")}; see above.`);
  }
});
