/**
 * `deno task torch`: both phases of pretraining by PyTorch, on the mixtures that the recipe names.
 * @module
 */
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { torchStage } from "../lib/launch/torch/stage.ts";
import { numberFlag } from "../lib/pipeline/promotion/flags.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand(
  "torch",
  "Both phases of pretraining by PyTorch, on the mixtures that the recipe names",
)
  .option("--processes <number>", "of each node: one a GPU", numberFlag, 1);

interface Options extends RunOptions {
  readonly processes: number;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { processes } = options;
  if (!(Number.isInteger(processes) && processes > 0)) {
    throw new UsageError(`--processes is ${processes}, expected a whole number above 0.`);
  }
  const run = await openRun(options, signal);
  const { recipe } = run;
  const shards = await run.shards();
  const first = await run.stage("torch-pretrain-1", async () => {
    const mixture = await run.mixture(recipe.pretrain1.mixture);
    return torchStage("pretrain-1", recipe, { shards, mixture }, processes);
  });
  const second = await run.stage("torch-pretrain-2", async () => {
    const mixture = await run.mixture(recipe.pretrain2.mixture);
    return torchStage("pretrain-2", recipe, { shards, mixture, previous: first }, processes);
  });
  print(
    { model: second.directory, stages: summariseTraining([first, second]) },
    ({ stages, model }) => [...describeTraining(stages), model].join("\n"),
  );
});
