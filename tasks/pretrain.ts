/** `deno task pretrain`: both phases of pretraining on the recipe's mixtures. */
import { runTask } from "../lib/core/command.ts";
import { estimateTraining } from "../lib/pipeline/estimate.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { describeEstimate, describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand("pretrain", "Both phases of pretraining, on the mixtures that the recipe names");

await runTask<RunOptions>(command, async (options, { signal, print }) => {
  const run = await openRun(options, signal);
  if (options.estimate) {
    const { pretrain1, pretrain2 } = run.recipe;
    return print(await estimateTraining(run.recipe, [pretrain1, pretrain2]), describeEstimate);
  }
  const phases = await run.pretrainingPhases();
  const { directory } = phases[1];
  print(
    { model: directory, stages: summariseTraining(phases) },
    ({ stages }) => [...describeTraining(stages), directory].join("\n"),
  );
});
