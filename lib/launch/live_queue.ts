/**
 * Jobs in the queue while they run: a line in the terminal, one table that moves in a notebook.
 * @module
 */
import { from } from "arquero";
import { showTable } from "../pipeline/notebook_display.ts";
import { follow } from "../pipeline/notebook_live.ts";
import type { SlurmClient } from "./slurm/client.ts";
import { type FailedTask, followJobs, type QueueRow } from "./slurm/follow.ts";
import type { QueuedJob } from "./slurm/submit.ts";

/** Follows jobs to their end, and shows them meanwhile. @throws as {@link followJobs}. */
export async function showJobs(
  client: SlurmClient,
  jobs: readonly QueuedJob[],
  settings: { readonly interval: number; readonly signal: AbortSignal },
): Promise<FailedTask[]> {
  let queue: readonly QueueRow[] = [];
  const onLook = (now: readonly QueueRow[]) => queue = now;
  return await follow(
    followJobs(client, jobs, { ...settings, onLook }),
    () => Promise.resolve(queue.length === 0 ? null : showTable(from([...queue]))),
  );
}
