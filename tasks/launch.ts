/**
 * `deno task launch [STEP] --launch-file FILE`: a run's data, from sources to token shards, on Slurm.
 * @module
 */
import { table } from "arquero";
import { fileURLToPath } from "node:url";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask } from "../lib/core/command.ts";
import { cancelLaunch, launch, openSlurm, planLaunch, type StepPlan } from "../lib/launch/launch.ts";
import { loadLaunchFile } from "../lib/launch/launch_file.ts";
import { shellWord } from "../lib/launch/slurm/submit.ts";
import { DataSteps, type Step, STEPS, stepsUpTo } from "../lib/launch/steps.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

const command = runCommand("launch", "A run's data, from sources to token shards, on Slurm")
  .argument("[step]", `how far: ${STEPS.join(", ")}`, "shards")
  .requiredOption("--launch-file <file>", "the cluster, and what a job may take there")
  .option("--cancel", "end the run's jobs", false);

interface Options extends RunOptions {
  readonly launchFile: string;
  readonly cancel: boolean;
}

await runTask<Options>(command, async (options, { signal, print }, [step = "shards"]) => {
  const steps = stepsUpTo(step);
  const file = await loadLaunchFile(options.launchFile);
  const run = await openRun(options, signal);
  if (options.cancel) {
    using client = openSlurm(file);
    const jobs = await cancelLaunch(client, run.name, steps, signal);
    print({ cancelled: jobs }, () => jobs.length === 0 ? "No jobs." : `Ended: ${jobs.join(", ")}.`);
    return;
  }
  const data = new DataSteps(run, file.ranks);
  const plan = await planLaunch(data, steps, file);
  if (options.estimate) {
    print({ plan }, () => describe(plan));
    return;
  }
  console.error(describe(plan));
  using client = openSlurm(file);
  await launch(client, data, plan, file, {
    command: (step) => taskCommandOf(step, options, file.ranks),
    signal,
  });
  print({ plan }, () => `${run.settings.root}: ${steps.join(", ")}: done`);
});

/** The shell command of a step's tasks. */
function taskCommandOf(step: Step, { recipe, set, run }: Options, ranks: number): string {
  const program = fileURLToPath(new URL("./launch_step.ts", import.meta.url));
  const words = ["deno", "run", "-q", "-A", program, "--recipe", recipe, "--run", run, "--step", step];
  const settings = set.length === 0 ? [] : ["--set", ...set];
  return `${
    [...words, "--ranks", String(ranks), ...settings].map(shellWord).join(" ")
  } --task "$SLURM_ARRAY_TASK_ID"`;
}

/** A row a step. */
function describe(plan: readonly StepPlan[]): string {
  return formatTable(table({
    step: plan.map(({ step }) => step),
    jobs: plan.map(({ left }) => left.length),
    done: plan.map(({ left, tasks }) => tasks - left.length),
    "processor hours at most": plan.map(({ processorHours }) => processorHours),
    "price at most": plan.map(({ price }) => price),
  }));
}
