import assert from "node:assert/strict";
import { outputsOf } from "../pipeline/cell_outputs.ts";

Deno.test("showJobs() leaves one table of the queue in Jupyter, as it stood last", async () => {
  const outputs = await outputsOf(`import { showJobs } from "../lib/launch/live_queue.ts";
import { withClient } from "../tests/launch/slurm/stub.ts";
const { signal } = new AbortController();
const task = (number: number, job_state: string) =>
  ({ job_id: 5 + number, name: "small/tokens", array_job_id: 5, array_task_id: number, job_state, nodes: "n1" });
const running = { jobs: [task(0, "RUNNING"), task(1, "RUNNING")] };
const answers = [running, running, running, { jobs: [task(0, "COMPLETED"), task(1, "FAILED")] }];
await withClient(answers, async (client) => {
  await showJobs(client, [{ step: "tokens", id: 5, tasks: 2, found: false }], { interval: 700, signal });
})`);
  if (outputs === null) return;
  const tables = outputs.filter((output) => Object.hasOwn(Object(output), "text/html")) as Record<
    string,
    string
  >[];
  assert.equal(tables.length, 1, JSON.stringify(outputs).slice(0, 400));
  assert.equal(
    tables[0]?.["text/plain"],
    "step    tasks  done  running  waiting  failed  where\n" +
      "tokens      2     1        0        0       1",
  );
});
