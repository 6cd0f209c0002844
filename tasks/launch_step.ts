/**
 * What a job of `deno task launch` runs: one task of a step.
 * @module
 */
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { DataSteps, findStep, STEPS } from "../lib/launch/steps.ts";
import { numberFlag } from "../lib/pipeline/promotion/flags.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

const command = runCommand("launch_step", "One task of a step, as a job runs it")
  .requiredOption("--step <name>", STEPS.join(", "))
  .requiredOption("--task <number>", "from 0", numberFlag)
  .requiredOption("--ranks <number>", "ranks that the corpus is divided among", numberFlag);

interface Options extends RunOptions {
  readonly step: string;
  readonly task: number;
  readonly ranks: number;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const step = findStep(options.step);
  if (step === undefined) {
    throw new UsageError(`--step is "${options.step}", expected one of ${STEPS.join(", ")}.`);
  }
  const data = new DataSteps(await openRun(options, signal), options.ranks);
  await data.perform(step, options.task);
  print({ step, task: options.task }, () => `${step} ${options.task}: done`);
});
