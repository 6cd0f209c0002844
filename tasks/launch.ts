/**
 * `deno task launch WHAT --launch-file FILE`: a run's data, from sources to token shards, on Slurm, and a task on them. What
 * `--launch slurm` of any task does.
 * @module
 */
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask } from "../lib/core/command.ts";
import { Launch } from "../lib/launch/open_launch.ts";
import { STEPS } from "../lib/launch/steps.ts";
import { runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

const command = runCommand(
  "launch",
  "A run's data, from sources to token shards, on Slurm, and a task on them",
)
  .argument("[what]", `a step of the data (${STEPS.join(", ")}) or a task, such as pretrain`, "shards")
  .argument("[flags...]", "of the task, after --")
  .option("--cancel", "end the run's jobs", false);

interface Options extends RunOptions {
  readonly cancel: boolean;
}

await runTask<Options>(command, async (options, { signal, print }, [what = "shards", ...flags]) => {
  const launch = await Launch.open({ ...options, what, flags }, signal);
  const { plan } = launch;
  const describe = () => [formatTable(launch.table()), ...launch.warnings()].join("\n");
  if (options.estimate) {
    print({ plan }, describe);
    return;
  }
  if (options.cancel) {
    const cancelled = await launch.cancel();
    print({ cancelled }, () => cancelled.length === 0 ? "No jobs." : `Ended: ${cancelled.join(", ")}.`);
    return;
  }
  console.error(describe());
  await launch.start();
  print({ plan }, () => `runs/${options.run}: ${plan.map(({ step }) => step).join(", ")}: done`);
});
