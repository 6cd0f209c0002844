import assert from "node:assert/strict";
import { cancelLaunch } from "../../lib/launch/launch.ts";
import { withClient } from "./slurm/stub.ts";

Deno.test("cancelLaunch() ends the run's jobs in this folder that are not over, and no others", () => {
  const job = (id: number, name: string, state = "PENDING", directory = Deno.cwd()) => ({
    job_id: id,
    name,
    current_working_directory: directory,
    array_job_id: id,
    array_task_string: "0-3",
    job_state: state,
  });
  const queue = {
    errors: [],
    jobs: [
      job(1, "small/corpus", "COMPLETED"),
      job(2, "small/education"),
      job(3, "other/education"),
      job(4, "small/tokens", "PENDING", "/elsewhere"),
    ],
  };
  return withClient([queue, queue, {}, queue], async (client, asked) => {
    const { signal } = new AbortController();
    assert.deepEqual(await cancelLaunch(client, "small", ["corpus", "education", "tokens"], signal), [2]);
    assert.deepEqual(asked.map(({ request }) => request).filter((request) => !request.startsWith("GET")), [
      "DELETE /slurm/v0.0.38/job/2",
    ]);
  });
});
