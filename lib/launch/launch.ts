/**
 * Steps of a run on Slurm: what they will take, and the whole of it, from submission to the last result.
 * @module
 */
import { join } from "node:path";
import { RunError } from "../core/errors.ts";
import { type Expected, expectedOf } from "./expected.ts";
import type { JobResources, LaunchFile } from "./launch_file.ts";
import { showJobs } from "./live_queue.ts";
import { SlurmClient } from "./slurm/client.ts";
import { jobName, type PlannedJob, submitJobs } from "./slurm/submit.ts";
import type { DataSteps, Step } from "./steps.ts";

/** A step of the run's data, or the task that follows them, and what it may take. */
export interface StepPlan extends JobResources {
  readonly step: string;
  /** Tasks that are left of it. */
  readonly left: readonly number[];
  /** Tasks that it has. */
  readonly tasks: number;
  /** Should every job take all the time that it may. */
  readonly price: number;
  /** What the recipe's own plan says of it; null: nothing. */
  readonly expected: Expected | null;
}

/**
 * What is left of the steps, what it may take, and what the recipe expects it to. The sources need not be there.
 *
 * @param task Name of a task on the data, which itself knows what is done; undefined: none.
 */
export async function planLaunch(
  data: DataSteps,
  steps: readonly Step[],
  task: string | undefined,
  { data: resources, task: taskResources, prices }: LaunchFile,
): Promise<StepPlan[]> {
  const price = (jobs: number, { nodes, processors, gpus, minutes }: JobResources) =>
    jobs * nodes * (minutes / 60) * (processors * prices.processorHour + gpus * prices.gpuHour);
  const unfinished = await data.unfinished();
  const expected = await expectedOf(data.run.recipe, task);
  const expectedIn = (step: string) => expected.get(step) ?? null;
  const plan: StepPlan[] = steps.map((step) => {
    const left = unfinished[step];
    return {
      ...{ ...resources, step, left, tasks: data.tasks(step), price: price(left.length, resources) },
      expected: expectedIn(step),
    };
  });
  if (task === undefined) return plan;
  return [...plan, {
    ...{ ...taskResources, step: task, left: [0], tasks: 1, price: price(1, taskResources) },
    expected: expectedIn(task),
  }];
}

/** A client for a launch file's cluster; over HTTPS the token is SLURM_JWT's, of the user of this shell. */
export function openSlurm({ endpoint, version }: LaunchFile): SlurmClient {
  const jwt = Deno.env.get("SLURM_JWT");
  const user = Deno.env.get("USER") ?? "root";
  return new SlurmClient({
    endpoint,
    version,
    retryDelay: 1000,
    token: jwt === undefined ? undefined : { user, jwt },
  });
}

/** Milliseconds between looks at the queue. */
const LOOK_INTERVAL = 2000;

/**
 * Submits what is left of the steps, and follows it to the end; a notebook shows the queue meanwhile. What an earlier launch has in the queue is followed, not submitted again.
 *
 * @param command Shell command of a step's task, whose number is in $SLURM_ARRAY_TASK_ID.
 * @throws {RunError} where a task did not succeed, naming it and its log: the same launch submits what is then missing.
 */
export async function launch(
  client: SlurmClient,
  data: DataSteps,
  plan: readonly StepPlan[],
  { environment, prelude, partition, account }: LaunchFile,
  { command, signal }: { command: (step: string) => string; signal: AbortSignal },
): Promise<void> {
  const { name, settings: { root } } = data.run;
  const planned = plan.filter(({ left }) => left.length > 0)
    .map(({ step, left, nodes, processors, gpus, minutes }): PlannedJob => ({
      ...{ step, tasks: left, nodes, processors, gpus, minutes },
      command: command(step),
    }));
  const directory = Deno.cwd(), logs = join(directory, root, "logs");
  const settings = { run: name, directory, logs, environment, prelude, partition, account };
  const jobs = await submitJobs(client, planned, settings, signal);
  for (const { step, id, tasks, found } of jobs) {
    const there = found ? ", in the queue already" : "";
    console.error(`${step}: job ${id}, ${tasks} ${tasks === 1 ? "task" : "tasks"}${there}`);
  }
  const failed = await showJobs(client, jobs, { interval: LOOK_INTERVAL, signal });
  const unfinished: Readonly<Record<string, readonly number[]>> = await data.unfinished();
  for (const { step, tasks } of plan) {
    const own = failed.filter((task) => task.step === step);
    const missing = unfinished[step] ?? own.map(({ task }) => task);
    if (missing.length === 0) continue;
    const states = own.map(({ task, state }) => `${task} ${state}`).join(", ");
    const log = join(logs, `${step}-${missing[0]}.log`);
    throw new RunError(
      `Step ${step}: ${missing.length} of ${tasks} tasks are not done${
        states && ` (${states})`
      }, see ${log}` +
        `${await lastLine(log)}; the same command submits what is missing.`,
    );
  }
}

/** How a log ends, in brackets; nothing, where there is none. */
async function lastLine(log: string): Promise<string> {
  const text = await Deno.readTextFile(log).catch(() => "");
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? "" : ` ("${line.slice(0, 300)}")`;
}

/** Ends the run's jobs in the queue. @returns Their ids. */
export async function cancelLaunch(
  client: SlurmClient,
  run: string,
  steps: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const cancelled: number[] = [];
  for (const step of steps) {
    const job = await client.find({ name: jobName(run, step), directory: Deno.cwd() }, signal);
    if (job === undefined) continue;
    await client.cancel(job.array, signal);
    cancelled.push(job.array);
  }
  return cancelled;
}
