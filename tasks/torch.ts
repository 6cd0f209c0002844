/**
 * `deno task torch`: pretraining, and mid-training on top where asked for, by PyTorch.
 * @module
 */
import { Option } from "commander";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { torchStage } from "../lib/launch/torch/stage.ts";
import { numberFlag } from "../lib/pipeline/promotion/flags.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand(
  "torch",
  "The model's training by PyTorch, on the mixtures that the recipe names; other tasks go on from it with --set trainer=torch",
)
  .addOption(
    new Option("--until <stage>", "pretrain: both phases; midtrain: and mid-training's stages after them")
      .choices(["pretrain", "midtrain"]).default("pretrain"),
  )
  .option("--processes <number>", "of each node: one a GPU", numberFlag, 1);

interface Options extends RunOptions {
  readonly until: "pretrain" | "midtrain";
  readonly processes: number;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { processes, until } = options;
  if (!(Number.isInteger(processes) && processes > 0)) {
    throw new UsageError(`--processes is ${processes}, expected a whole number above 0.`);
  }
  if (options.estimate) {
    throw new UsageError(
      "torch has no --estimate: `deno task pretrain --estimate` says what training takes.",
    );
  }
  const run = await openRun(
    { ...options, set: [...options.set, "trainer=torch"] },
    signal,
    (own, recipe) => torchStage(own, recipe, processes),
  );
  const phases = await run.pretrainingPhases();
  const { rounds, model } = until === "pretrain" ? { rounds: [], model: phases[1] } : await run.midtraining();
  const stages = summariseTraining([...phases, ...rounds.flatMap(({ trained }) => trained ?? [])]);
  print(
    { model: model.directory, stages },
    ({ stages, model }) => [...describeTraining(stages), model].join("\n"),
  );
});
