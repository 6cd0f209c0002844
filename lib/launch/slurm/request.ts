/**
 * A job as slurmrestd takes it.
 * @module
 */

/** What is asked for. */
export interface JobRequest {
  readonly name: string;
  /** A shell script; slurmrestd heeds no #SBATCH lines in it. */
  readonly script: string;
  /** Where it runs. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly partition: string;
  /** null: the user's own. */
  readonly account: string | null;
  /** Numbers of the array's tasks, increasing. */
  readonly tasks: readonly number[];
  /** Jobs that must have succeeded before it starts. */
  readonly after: readonly number[];
  readonly nodes: number;
  /** Of each node. */
  readonly processors: number;
  readonly gpus: number;
  /** After which it is ended. */
  readonly minutes: number;
  /** File of its output; %a is the task. */
  readonly output: string;
}

/**
 * The body of a submission. From v0.0.39 on environments are lists, numbers say whether they are set, and GPUs are one
 * resource among others.
 *
 * @param version "v0.0.38" or later.
 */
export function submissionBody(request: JobRequest, version: string): unknown {
  const { name, script, directory, environment, partition, account, tasks, after, nodes, processors, gpus } =
    request;
  const first = version === "v0.0.38";
  return {
    script,
    job: {
      name,
      partition,
      ...(account === null ? {} : { account }),
      current_working_directory: directory,
      environment: first ? environment : Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      array: ranges(tasks),
      ...(after.length === 0 ? {} : { dependency: `afterok:${after.join(":")}` }),
      nodes: first ? [nodes, nodes] : String(nodes),
      tasks: nodes,
      tasks_per_node: 1,
      cpus_per_task: processors,
      ...(gpus === 0 ? {} : first ? { gpus_per_node: String(gpus) } : { tres_per_node: `gres/gpu:${gpus}` }),
      time_limit: first ? request.minutes : { set: true, infinite: false, number: request.minutes },
      standard_output: request.output,
    },
  };
}

/**
 * Increasing numbers as Slurm writes them.
 *
 * @example
 * ```ts
 * import { ranges } from "./request.ts";
 * import assert from "node:assert/strict";
 * assert.equal(ranges([0, 1, 2, 5]), "0-2,5");
 * ```
 */
export function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(",");
}
