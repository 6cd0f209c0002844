import assert from "node:assert/strict";
import { join } from "node:path";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { shellWord, submitJobs } from "../../../lib/launch/slurm/submit.ts";
import { inDirectory } from "../../core/temporary.ts";
import { withClient } from "./stub.ts";

const { signal } = new AbortController();

const RESOURCES = { nodes: 1, processors: 1, gpus: 0, minutes: 5 };

const settingsIn = (folder: string) => ({
  run: "small",
  directory: "/data",
  logs: join(folder, "logs"),
  environment: { PATH: "/bin" },
  prelude: ["module load deno"],
  partition: "main",
  account: null,
});

const PLANNED = [
  { ...RESOURCES, step: "education", tasks: [0, 1, 3], command: "rank 'of' education" },
  { ...RESOURCES, step: "curation", tasks: [0], command: "curation" },
];

Deno.test("submitJobs() submits each job after the one before it, and follows one that is in the queue", () =>
  inDirectory(async (folder) => {
    const waiting = {
      job_id: 7,
      name: "small/education",
      current_working_directory: "/data",
      array_job_id: 7,
      array_task_id: null,
      array_task_string: "1,3",
      job_state: "PENDING",
    };
    const elsewhere = { ...waiting, job_id: 8, current_working_directory: "/other", name: "small/curation" };
    const answers = [{ errors: [], jobs: [waiting, elsewhere] }, { errors: [], job_id: 9 }];
    await withClient(answers, async (client, asked) => {
      assert.deepEqual(await submitJobs(client, PLANNED, settingsIn(folder), signal), [
        { step: "education", id: 7, tasks: 2, found: true },
        { step: "curation", id: 9, tasks: 1, found: false },
      ]);
      const { script, job } = asked[1]?.body as { script: string; job: Record<string, unknown> };
      assert.equal(script, "#!/bin/bash\nset -euo pipefail\nmodule load deno\nexec curation\n");
      assert.deepEqual([job["name"], job["array"], job["dependency"]], ["small/curation", "0", "afterok:7"]);
    });
  }));

Deno.test("submitJobs() ends what it submitted where a later job is refused", () =>
  inDirectory(async (folder) => {
    const refusal = { errors: [{ error: "Invalid account" }], job_id: 0 };
    const answers = [{ errors: [], jobs: [] }, { errors: [], job_id: 4 }, refusal, { errors: [] }];
    await withClient(answers, async (client, asked) => {
      await assert.rejects(submitJobs(client, PLANNED, settingsIn(folder), signal), {
        name: "RunError",
        message: /refuses the job "small\/curation": Invalid account\.$/,
      });
      assert.equal(asked.at(-1)?.request, "DELETE /slurm/v0.0.38/job/4");
    });
  }));

Deno.test("shellWord() keeps a word whole in a shell", async () => {
  const words = ["plain", "it's", '$HOME "`x`"', "a b\tc", "*", "\\"];
  const done = await runProcess("sh", ["-c", `printf '%s\\n' ${words.map(shellWord).join(" ")}`]);
  assert.deepEqual(done?.stdout.split("\n"), words);
});
