/**
 * `deno task launch WHAT --launch-file FILE`: a run's data, from sources to token shards, on Slurm, and a task on them. What
 * `--launch slurm` of any task does.
 * @module
 */
import { table } from "arquero";
import { fileURLToPath } from "node:url";
import { formatTable } from "../lib/catalog/text_table.ts";
import { exists } from "../lib/core/artefacts.ts";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { cancelLaunch, launch, openSlurm, planLaunch, type StepPlan } from "../lib/launch/launch.ts";
import { loadLaunchFile } from "../lib/launch/launch_file.ts";
import { shellWord } from "../lib/launch/slurm/submit.ts";
import { DataSteps, findStep, STEPS, stepsUpTo } from "../lib/launch/steps.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

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
  const { step: last, task } = await targetOf(what);
  if (options.launchFile === undefined) throw new UsageError("No --launch-file says which cluster.");
  const file = await loadLaunchFile(options.launchFile);
  const run = await openRun(options, signal);
  const data = new DataSteps(run, file.ranks);
  const plan = await planLaunch(data, stepsUpTo(last), task, file);
  if (options.estimate) {
    print({ plan }, () => describe(plan));
    return;
  }
  using client = openSlurm(file);
  if (options.cancel) {
    const cancelled = await cancelLaunch(client, run.name, plan.map(({ step }) => step), signal);
    print({ cancelled }, () => cancelled.length === 0 ? "No jobs." : `Ended: ${cancelled.join(", ")}.`);
    return;
  }
  console.error(describe(plan));
  const jobCommand = (step: string) =>
    step === task
      ? deno(`${task}.ts`, flags)
      : `${deno("launch_step.ts", stepFlags(options, step, file.ranks))} --task "$SLURM_ARRAY_TASK_ID"`;
  await launch(client, data, plan, file, { command: jobCommand, signal });
  print({ plan }, () => `${run.settings.root}: ${plan.map(({ step }) => step).join(", ")}: done`);
});

/** The last step of the data, and the task that follows; curation is a step itself. */
async function targetOf(what: string) {
  const step = findStep(what === "curate" ? "curation" : what);
  if (step !== undefined) return { step, task: undefined };
  if (/^[a-z]+$/.test(what) && await exists(fileURLToPath(new URL(`./${what}.ts`, import.meta.url)))) {
    return { step: "shards", task: what } as const;
  }
  throw new UsageError(`launch: "${what}" is no task, nor one of ${STEPS.join(", ")}.`);
}

function stepFlags({ recipe, set, run, restart }: Options, step: string, ranks: number): string[] {
  return [
    ...["--recipe", recipe, "--run", run, "--step", step, "--ranks", String(ranks)],
    ...(set.length === 0 ? [] : ["--set", ...set]),
    ...(restart ? ["--restart"] : []),
  ];
}

/** The shell command that runs a file of this folder. */
function deno(file: string, flags: readonly string[]): string {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return ["deno", "run", "-q", "-A", path, ...flags].map(shellWord).join(" ");
}

/** A row a step. */
function describe(plan: readonly StepPlan[]): string {
  const hours = (of: (step: StepPlan) => number) =>
    plan.map((step) => Number((step.left.length * step.nodes * of(step) * step.minutes / 60).toFixed(2)));
  return formatTable(table({
    step: plan.map(({ step }) => step),
    jobs: plan.map(({ left }) => left.length),
    done: plan.map(({ left, tasks }) => tasks - left.length),
    "processor hours at most": hours(({ processors }) => processors),
    "GPU hours at most": hours(({ gpus }) => gpus),
    "price at most": plan.map(({ price }) => Number(price.toFixed(2))),
  }));
}
