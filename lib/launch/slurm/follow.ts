/**
 * Jobs in the queue, until they are over.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import { startProgress } from "../../core/progress.ts";
import { countTasks, isOver, type JobRecord } from "./answers.ts";
import type { SlurmClient } from "./client.ts";
import type { QueuedJob } from "./submit.ts";

/** A task that did not succeed. */
export interface FailedTask {
  readonly step: string;
  readonly task: number;
  /** "FAILED", "NODE_FAIL", "TIMEOUT" … */
  readonly state: string;
}

/** A job in the queue, as `squeue` tells of it. */
export interface QueueRow {
  readonly step: string;
  readonly tasks: number;
  readonly done: number;
  readonly running: number;
  readonly waiting: number;
  /** Ended without success. */
  readonly failed: number;
  /** Nodes of those that run, or why the others wait. */
  readonly where: string;
}

/** Why a job waits that will never start. */
const NEVER = "DependencyNeverSatisfied";

/**
 * Watches jobs until all are over, as `squeue` would show them. A job that waits for one that failed is ended.
 *
 * Slurm forgets jobs some minutes after their end: those that it knows no longer count as over; whether they succeeded, their results say.
 *
 * @param interval Milliseconds between questions.
 * @param onLook Hears how the queue stands, each time that it is looked at.
 * @returns The tasks that Slurm knows to have failed, or to have been ended.
 * @throws the signal's reason where it is aborted; the jobs go on.
 */
export async function followJobs(
  client: SlurmClient,
  jobs: readonly QueuedJob[],
  { interval, signal, onLook }: {
    interval: number;
    signal: AbortSignal;
    onLook?: (queue: readonly QueueRow[]) => void;
  },
): Promise<FailedTask[]> {
  const total = jobs.reduce((sum, { tasks }) => sum + tasks, 0);
  const progress = startProgress("slurm", total, "tasks");
  const steps = new Map(jobs.map(({ id, step }) => [id, step]));
  try {
    for (;;) {
      const records = (await client.jobs(signal)).filter(({ array }) => steps.has(array));
      const open = records.filter((record) => !isOver(record));
      const left = countTasks(open);
      onLook?.(jobs.map((job) => queueRow(job, records)));
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

/** Where a job of several tasks stands; those that Slurm no longer knows are done. */
function queueRow({ step, id, tasks }: QueuedJob, all: readonly JobRecord[]): QueueRow {
  const own = all.filter(({ array }) => array === id);
  const running = own.filter((record) => record.state !== "PENDING" && !isOver(record));
  const waiting = own.filter(({ state }) => state === "PENDING");
  const failed = own.filter((record) => isOver(record) && record.state !== "COMPLETED");
  return {
    step,
    tasks,
    done: Math.max(0, tasks - countTasks([...running, ...waiting, ...failed])),
    running: countTasks(running),
    waiting: countTasks(waiting),
    failed: countTasks(failed),
    where: [...notesOf(running, ({ node }) => node), ...notesOf(waiting, ({ reason }) => reason)].join(", "),
  };
}

function describeState(
  verb: string,
  records: readonly JobRecord[],
  note: (record: JobRecord) => string,
): string {
  if (records.length === 0) return "";
  const notes = notesOf(records, note);
  return `${countTasks(records)} ${verb}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

function notesOf(records: readonly JobRecord[], note: (record: JobRecord) => string): string[] {
  return [...new Set(records.map(note).filter((text) => text !== "" && text !== "None"))].sort();
}
