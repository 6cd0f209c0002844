import assert from "node:assert/strict";
import { InterruptedError } from "../../../lib/core/errors.ts";
import { describeQueue, followJobs, type QueueRow } from "../../../lib/launch/slurm/follow.ts";
import { withClient } from "./stub.ts";

const { signal } = new AbortController();

Deno.test("describeQueue() says where tasks run and why they wait, step by step", () => {
  const record = { id: 1, name: "", directory: "", task: null, waiting: "", reason: "None", node: "" };
  const records = [
    { ...record, array: 5, task: 0, state: "RUNNING", node: "n2" },
    { ...record, array: 5, task: 1, state: "RUNNING", node: "n1" },
    { ...record, array: 5, waiting: "2-7", state: "PENDING", reason: "Resources" },
    { ...record, array: 6, waiting: "0", state: "PENDING", reason: "Dependency" },
  ];
  const steps = new Map([[4, "corpus"], [5, "education"], [6, "curation"]]);
  assert.equal(
    describeQueue(records, steps),
    "education: 2 running (n1, n2), 6 waiting (Resources); curation: 1 waiting (Dependency)",
  );
});

Deno.test("followJobs() ends a job whose turn never comes, and names the tasks that failed", () => {
  const education = {
    job_id: 5,
    name: "small/education",
    array_job_id: 5,
    array_task_id: 0,
    job_state: "RUNNING",
    nodes: "n1",
  };
  const other = { ...education, job_id: 6, array_task_id: 1, job_state: "COMPLETED" };
  const failed = { ...education, job_state: "FAILED" };
  const curation = {
    ...{ job_id: 7, name: "small/curation", array_job_id: 7, array_task_id: null, array_task_string: "0" },
    ...{ job_state: "PENDING", state_reason: "Dependency" },
  };
  const never = { ...curation, state_reason: "DependencyNeverSatisfied" };
  const foreign = { ...education, job_id: 99, array_job_id: 99 };
  const answers = [
    { jobs: [education, other, curation, foreign] },
    { jobs: [failed, other, never, foreign] },
    {},
    { jobs: [failed, other, { ...never, job_state: "CANCELLED" }, foreign] },
  ];
  return withClient(answers, async (client, asked) => {
    const jobs = [
      { step: "education", id: 5, tasks: 2, found: false },
      { step: "curation", id: 7, tasks: 1, found: false },
    ];
    const looks: (readonly QueueRow[])[] = [];
    const onLook = (queue: readonly QueueRow[]) => looks.push(queue);
    assert.deepEqual(await followJobs(client, jobs, { interval: 1, signal, onLook }), [
      { step: "education", task: 0, state: "FAILED" },
      { step: "curation", task: 0, state: "CANCELLED" },
    ]);
    const row = { running: 0, waiting: 0, failed: 0, where: "" };
    assert.deepEqual(looks, [
      [
        { ...row, step: "education", tasks: 2, done: 1, running: 1, where: "n1" },
        { ...row, step: "curation", tasks: 1, done: 0, waiting: 1, where: "Dependency" },
      ],
      [
        { ...row, step: "education", tasks: 2, done: 1, failed: 1 },
        { ...row, step: "curation", tasks: 1, done: 0, waiting: 1, where: "DependencyNeverSatisfied" },
      ],
      [
        { ...row, step: "education", tasks: 2, done: 1, failed: 1 },
        { ...row, step: "curation", tasks: 1, done: 0, failed: 1 },
      ],
    ]);
    assert.equal(asked[2]?.request, "DELETE /slurm/v0.0.38/job/7");
  });
});

Deno.test("followJobs() stops when it is told to, and leaves the jobs alone", () => {
  const controller = new AbortController();
  const running = { job_id: 5, name: "a", array_job_id: 5, array_task_id: 0, job_state: "RUNNING" };
  return withClient([{ jobs: [running] }], async (client, asked) => {
    setTimeout(() => controller.abort(new InterruptedError("stopped")), 50);
    const jobs = [{ step: "a", id: 5, tasks: 1, found: false }];
    const following = followJobs(client, jobs, { interval: 10_000, signal: controller.signal });
    await assert.rejects(following, { name: "InterruptedError", message: "stopped" });
    assert.equal(asked.length, 1);
  });
});
