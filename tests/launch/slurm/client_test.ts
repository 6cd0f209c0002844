/** The client against a stub on a unix socket, which answers as slurmrestd does in its versions, or does not. */
import assert from "node:assert/strict";
import type { JobRequest } from "../../../lib/launch/slurm/request.ts";
import { withClient } from "./stub.ts";

const { signal } = new AbortController();

const REQUEST: JobRequest = {
  name: "run/education",
  script: "#!/bin/bash\ntrue\n",
  directory: "/data",
  environment: { PATH: "/bin" },
  partition: "main",
  account: null,
  tasks: [0, 1, 2, 5],
  after: [7, 8],
  nodes: 4,
  processors: 2,
  gpus: 0,
  minutes: 60,
  output: "/data/logs/%a.log",
};

const job = (fields: object) => ({
  job_id: 17,
  name: REQUEST.name,
  current_working_directory: REQUEST.directory,
  array_job_id: 17,
  array_task_id: null,
  array_task_string: "0-2,5",
  job_state: "PENDING",
  state_reason: "Resources",
  nodes: "",
  ...fields,
});

Deno.test("submit() sends a job in the first version's form, and who asks", () =>
  withClient([{ errors: [], job_id: 17 }], async (client, asked) => {
    assert.equal(await client.submit(REQUEST, signal), 17);
    assert.deepEqual(asked, [{
      request: "POST /slurm/v0.0.38/job/submit",
      user: "ada",
      body: {
        script: REQUEST.script,
        job: {
          name: "run/education",
          partition: "main",
          current_working_directory: "/data",
          environment: { PATH: "/bin" },
          array: "0-2,5",
          dependency: "afterok:7:8",
          nodes: [4, 4],
          tasks: 4,
          tasks_per_node: 1,
          cpus_per_task: 2,
          time_limit: 60,
          standard_output: "/data/logs/%a.log",
        },
      },
    }]);
  }));

Deno.test("submit() sends environments as lists and numbers as set from v0.0.39 on", () =>
  withClient([{ errors: [], job_id: 17 }], async (client, asked) => {
    await client.submit({ ...REQUEST, account: "physics", after: [], gpus: 8 }, signal);
    const { job } = asked[0]?.body as { job: Record<string, unknown> };
    assert.deepEqual(
      [job["environment"], job["time_limit"], job["account"], job["dependency"], job["tres_per_node"]],
      [["PATH=/bin"], { set: true, infinite: false, number: 60 }, "physics", undefined, "gres/gpu:8"],
    );
  }, "v0.0.40"));

Deno.test("a submission that broke off is looked for in the queue, and not sent again", () =>
  withClient([null, { errors: [], jobs: [job({})] }], async (client, asked) => {
    assert.equal(await client.submit(REQUEST, signal), 17);
    assert.deepEqual(asked.map(({ request }) => request), [
      "POST /slurm/v0.0.38/job/submit",
      "GET /slurm/v0.0.38/jobs",
    ]);
  }));

Deno.test("a submission that broke off and is not in the queue fails", () =>
  withClient(
    [null, { errors: [], jobs: [job({ job_state: "COMPLETED" })] }],
    (client) =>
      assert.rejects(client.submit(REQUEST, signal), {
        name: "RunError",
        message: /^slurmrestd at unix:\S+ does not answer: /,
      }),
  ));

Deno.test("submit() tells why Slurm refuses a job", () =>
  withClient(
    [{ errors: [{ error_number: 2000, error: "Invalid partition", description: "" }], job_id: 0 }],
    (client) =>
      assert.rejects(client.submit(REQUEST, signal), {
        name: "RunError",
        message: /refuses the job "run\/education": Invalid partition\.$/,
      }),
  ));

Deno.test("jobs() are asked for until slurmrestd answers, and read alike in old and new versions", () =>
  withClient([
    null,
    new Response("Bad gateway", { status: 502 }),
    {
      errors: [],
      jobs: [
        job({}),
        job({
          job_id: 18,
          array_job_id: { set: true, infinite: false, number: 17 },
          array_task_id: { set: true, infinite: false, number: 4 },
          array_task_string: "",
          job_state: ["RUNNING", "COMPLETING"],
          nodes: "n1",
        }),
        job({ job_id: 19, array_job_id: 0, array_task_string: "" }),
      ],
    },
  ], async (client) => {
    const own = { name: REQUEST.name, directory: "/data", reason: "Resources" };
    assert.deepEqual(await client.jobs(signal), [
      { ...own, id: 17, array: 17, task: null, waiting: "0-2,5", state: "PENDING", node: "" },
      { ...own, id: 18, array: 17, task: 4, waiting: "", state: "RUNNING", node: "n1" },
      { ...own, id: 19, array: 19, task: null, waiting: "", state: "PENDING", node: "" },
    ]);
  }));

Deno.test("an answer of another form, and one that knows nobody, are told at once", async () => {
  await withClient(
    [{ errors: [], jobs: [{ id: 1 }] }],
    (client) =>
      assert.rejects(client.jobs(signal), {
        name: "RunError",
        message: /unknown form: jobs\.0\.job_id: .*v0\.0\.38\?$/,
      }),
  );
  await withClient(
    [new Response("", { status: 401 })],
    (client) =>
      assert.rejects(client.jobs(signal), {
        name: "UsageError",
        message: /SLURM_JWT is missing, wrong or too old/,
      }),
  );
});

Deno.test("cancel() leaves a job alone that Slurm knows no longer", () =>
  withClient(
    [{ errors: [{ error_number: 2017, error: "Invalid job id specified" }] }],
    async (client, asked) => {
      await client.cancel(17, signal);
      assert.equal(asked[0]?.request, "DELETE /slurm/v0.0.38/job/17");
    },
  ));
