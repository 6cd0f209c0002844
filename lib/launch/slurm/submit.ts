/**
 * Steps as Slurm jobs: what is not done, and not in the queue already, is submitted, each job after those that it needs.
 * @module
 */
import { join } from "node:path";
import { countTasks, isOver } from "./answers.ts";
import type { SlurmClient } from "./client.ts";

/** A step with the tasks that are left of it. */
export interface PlannedJob {
  readonly step: string;
  /** Their numbers. */
  readonly tasks: readonly number[];
  /** Shell command of a task, whose number is in $SLURM_ARRAY_TASK_ID. */
  readonly command: string;
  readonly nodes: number;
  /** Of each node. */
  readonly processors: number;
  readonly gpus: number;
  /** After which a task is ended. */
  readonly minutes: number;
}

/** How its jobs run. */
export interface JobSettings {
  /** Begins the jobs' names. */
  readonly run: string;
  /** Where they run. */
  readonly directory: string;
  /** Where their output goes. */
  readonly logs: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly prelude: readonly string[];
  readonly partition: string;
  readonly account: string | null;
}

/** A job in the queue. */
export interface QueuedJob {
  readonly step: string;
  /** Of the array. */
  readonly id: number;
  readonly tasks: number;
  /** It was there before. */
  readonly found: boolean;
}

/** Name of a step's job. */
export function jobName(run: string, step: string): string {
  return `${run}/${step}`;
}

/** A word for the shell, whatever is in it. */
export function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Submits the jobs, in their order; each starts when the one before it has succeeded.
 *
 * @throws {RunError} where Slurm refuses one; those before it are ended.
 */
export async function submitJobs(
  client: SlurmClient,
  planned: readonly PlannedJob[],
  settings: JobSettings,
  signal: AbortSignal,
): Promise<QueuedJob[]> {
  const { run, directory, logs, prelude, ...cluster } = settings;
  await Deno.mkdir(logs, { recursive: true });
  const queue = await client.jobs(signal);
  const queued: QueuedJob[] = [];
  for (const { step, tasks, command, ...resources } of planned) {
    const name = jobName(run, step);
    const own = queue.filter((job) => job.name === name && job.directory === directory && !isOver(job));
    const [there] = own;
    if (there !== undefined) {
      queued.push({ step, id: there.array, tasks: countTasks(own), found: true });
      continue;
    }
    const script = ["#!/bin/bash", "set -euo pipefail", ...prelude, `exec ${command}`, ""].join("\n");
    const request = {
      ...cluster,
      ...resources,
      name,
      directory,
      script,
      tasks,
      after: queued.slice(-1).map(({ id }) => id),
      output: join(logs, `${step}-%a.log`),
    };
    try {
      queued.push({ step, id: await client.submit(request, signal), tasks: tasks.length, found: false });
    } catch (error) {
      for (const { id, found } of queued) if (!found) await client.cancel(id, signal);
      throw error;
    }
  }
  return queued;
}
