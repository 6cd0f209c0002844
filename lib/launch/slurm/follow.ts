/**
 * Jobs in the queue, until they are over.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import { startProgress } from "../../core/progress.ts";
import { isOver, type JobRecord, taskCount } from "./answers.ts";
import type { SlurmClient } from "./client.ts";
import type { QueuedJob } from "./submit.ts";

/** A task that did not succeed. */
export interface FailedTask {
  readonly step: string;
  readonly task: number;
  /** "FAILED", "NODE_FAIL", "TIMEOUT" … */
  readonly state: string;
}

/** Why a job waits that will never start. */
const NEVER = "DependencyNeverSatisfied";

/**
 * Watches jobs until all are over, as `squeue` would show them. A job that waits for one that failed is ended.
 *
 * Slurm forgets jobs some minutes after their end: those that it knows no longer count as over; whether they succeeded, their results say.
 *
 * @param interval Milliseconds between questions.
 * @returns The tasks that Slurm knows to have failed, or to have been ended.
 * @throws the signal's reason where it is aborted; the jobs go on.
 */
export async function followJobs(
  client: SlurmClient,
  jobs: readonly QueuedJob[],
  { interval, signal }: { interval: number; signal: AbortSignal },
): Promise<FailedTask[]> {
  const total = jobs.reduce((sum, { tasks }) => sum + tasks, 0);
  const progress = startProgress("slurm", total, "tasks");
  const steps = new Map(jobs.map(({ id, step }) => [id, step]));
  try {
    for (;;) {
      const records = (await client.jobs(signal)).filter(({ array }) => steps.has(array));
      const open = records.filter((record) => !isOver(record));
      const left = open.reduce((sum, record) => sum + taskCount(record), 0);
      progress.update(Math.max(0, total - left), describeQueue(open, steps));
      for (const { array, reason } of open) if (reason === NEVER) await client.cancel(array, signal);
      if (left === 0) {
        return records.filter(({ state }) => state !== "COMPLETED").map((
          { array, task, state },
        ) => ({ step: steps.get(array) ?? "", task: task ?? 0, state }));
      }
      await setTimeout(interval, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } finally {
    progress.finish();
  }
}

/** "education: 2 running (n1, n2), 4 waiting (Resources); curation: 1 waiting (Dependency)". */
export function describeQueue(
  records: readonly JobRecord[],
  steps: ReadonlyMap<number, string>,
): string {
  return [...steps].flatMap(([id, step]) => {
    const own = records.filter(({ array }) => array === id);
    const states = [
      describeState("running", own.filter(({ state }) => state !== "PENDING"), ({ node }) => node),
      describeState("waiting", own.filter(({ state }) => state === "PENDING"), ({ reason }) => reason),
    ].filter((text) => text !== "");
    return states.length === 0 ? [] : [`${step}: ${states.join(", ")}`];
  }).join("; ");
}

function describeState(
  verb: string,
  records: readonly JobRecord[],
  note: (record: JobRecord) => string,
): string {
  if (records.length === 0) return "";
  const notes = [...new Set(records.map(note).filter((text) => text !== "" && text !== "None"))].sort();
  const count = records.reduce((sum, record) => sum + taskCount(record), 0);
  return `${count} ${verb}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}
