/**
 * What slurmrestd answers, in the versions of its API, as one shape.
 * @module
 */
import { z } from "zod";

/** A number; from v0.0.39 on beside a word on whether there is one. */
const optionalNumber = z.union([
  z.number().nullable(),
  z.object({ set: z.boolean(), number: z.number() }).transform(({ set, number }) => set ? number : null),
]).nullish().transform((value) => value ?? null);

/** A state; from v0.0.40 on the first of several. */
const state = z.union([
  z.string(),
  z.array(z.string()).min(1).transform(([first]) => first as string), // There is one.
]);

const failures = z.array(z.object({
  error: z.string().nullish(),
  description: z.string().nullish(),
  error_number: z.number().nullish(),
})).nullish().transform((list) => list ?? []);

const job = z.object({
  job_id: z.int(),
  name: z.string(),
  current_working_directory: z.string().nullish(),
  array_job_id: optionalNumber,
  array_task_id: optionalNumber,
  array_task_string: z.string().nullish(),
  job_state: state,
  state_reason: z.string().nullish(),
  nodes: z.string().nullish(),
}).transform((raw) => ({
  id: raw.job_id,
  name: raw.name,
  directory: raw.current_working_directory ?? "",
  /** The array that it belongs to; its own id where it belongs to none. */
  array: raw.array_job_id || raw.job_id,
  /** Its number in the array; null: it is in none, or stands for the tasks that wait. */
  task: raw.array_task_id,
  /** Tasks of an array that wait, as "3-5,7"; empty: this is one task. */
  waiting: raw.array_task_string ?? "",
  state: raw.job_state,
  reason: raw.state_reason ?? "",
  node: raw.nodes ?? "",
}));

/** A job, or those of an array's tasks that wait. */
export type JobRecord = z.output<typeof job>;

/** Answer to a question about jobs. */
export const jobsAnswer = z.object({ errors: failures, jobs: z.array(job).nullish() });

/** Answer to a submission. */
export const submissionAnswer = z.object({ errors: failures, job_id: z.int().nullish() });

/** Any answer's errors. */
export const errorsAnswer = z.object({ errors: failures });

/** Slurm's own number for a job that it does not know, or no longer. */
export const UNKNOWN_JOB = 2017;

/** States that a job does not leave. */
const FINAL = new Set([
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "TIMEOUT",
]);

/** Whether a job is over. */
export function isOver({ state }: Pick<JobRecord, "state">): boolean {
  return FINAL.has(state);
}

/** How many tasks records stand for. */
export function countTasks(records: readonly Pick<JobRecord, "waiting">[]): number {
  return records.reduce((sum, record) => sum + taskCount(record), 0);
}

/**
 * How many tasks a record stands for: "0-2,5" are four, "0-7%4" (four at once) eight. Of a long list Slurm tells the beginning.
 *
 * @example
 * ```ts
 * import { taskCount } from "./answers.ts";
 * import assert from "node:assert/strict";
 * assert.equal(taskCount({ waiting: "0-2,5%2" }), 4);
 * ```
 */
export function taskCount({ waiting }: Pick<JobRecord, "waiting">): number {
  if (waiting === "") return 1;
  let count = 0;
  for (const [, first, last = first] of waiting.replace(/%.*$/, "").matchAll(/(\d+)(?:-(\d+))?/g)) {
    count += Number(last) - Number(first) + 1;
  }
  return count;
}
