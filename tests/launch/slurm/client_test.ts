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

/** A number as slurmrestd writes it from v0.0.39 on. */
const number = (number: number | null) => ({ set: number !== null, infinite: false, number: number ?? 0 });

const META = {
  plugin: { type: "openapi/slurmctld", data_parser: "data_parser/v0.0.40", accounting_storage: "" },
  client: { source: "[localhost]:52144", user: "root", group: "root" },
  slurm: { version: { major: "23", micro: "4", minor: "11" }, release: "23.11.4", cluster: "main" },
};

Deno.test("submit() reads v0.0.40's answer, warnings and all", () =>
  withClient([{
    result: { job_id: 17, step_id: "batch", error_code: 0, error: "No error", job_submit_user_msg: "" },
    job_id: 17,
    step_id: "batch",
    job_submit_user_msg: "",
    meta: META,
    errors: [],
    warnings: [{ description: "Ignoring unknown field", source: "#/job/x/" }],
  }], async (client, asked) => {
    assert.equal(await client.submit(REQUEST, signal), 17);
    const { job } = asked[0]?.body as { job: Record<string, unknown> };
    // What v0.0.39 demands, and the types that v0.0.40 takes.
    assert.deepEqual([job["current_working_directory"], job["environment"]], ["/data", ["PATH=/bin"]]);
    assert.deepEqual([job["nodes"], job["tasks"], job["tasks_per_node"], job["array"]], ["4", 4, 1, "0-2,5"]);
  }, "v0.0.40"));

Deno.test("submit() tells what v0.0.40 has against a job", () =>
  withClient(
    [{
      meta: META,
      errors: [{
        description: "Batch job submission failed",
        error_number: 2000,
        error: "Invalid partition name specified",
        source: "slurm_submit_batch_job()",
      }],
      warnings: [],
    }],
    (client) =>
      assert.rejects(client.submit(REQUEST, signal), {
        message: /: Batch job submission failed: Invalid partition name specified\.$/,
      }),
    "v0.0.40",
  ));

Deno.test("jobs() reads v0.0.40's records: an array that waits, one of its tasks, and a job of no array", () =>
  withClient([{
    jobs: [
      job({
        array_job_id: number(17),
        array_task_id: number(null),
        array_max_tasks: number(0),
        array_task_string: "2-7",
        job_state: ["PENDING"],
        time_limit: number(60),
        start_time: number(0),
      }),
      job({
        job_id: 18,
        array_job_id: number(17),
        array_task_id: number(0),
        array_task_string: "",
        job_state: ["COMPLETED"],
        exit_code: { status: ["SUCCESS"], return_code: number(0), signal: { id: number(null), name: "" } },
        nodes: "n1",
        state_reason: "None",
      }),
      job({
        job_id: 20,
        array_job_id: number(0),
        array_task_id: number(null),
        array_task_string: "",
        job_state: ["FAILED"],
        state_reason: "NonZeroExitCode",
      }),
    ],
    last_backfill: number(1712000000),
    last_update: number(1712000000),
    meta: META,
    errors: [],
    warnings: [],
  }], async (client) => {
    assert.deepEqual(
      (await client.jobs(signal)).map(({ array, task, waiting, state }) => [array, task, waiting, state]),
      [[17, null, "2-7", "PENDING"], [17, 0, "", "COMPLETED"], [20, null, "", "FAILED"]],
    );
  }, "v0.0.40"));
