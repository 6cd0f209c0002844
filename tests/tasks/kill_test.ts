/** Kill −9 at random moments of every training stage: three each here, more by `deno task kill --times 200`. */
import assert from "node:assert/strict";
import { KILL_TARGETS, killTrials } from "../../lib/pipeline/kill/trials.ts";
import { runTaskFile } from "./task_file.ts";

Deno.test("training ends with the same bits wherever it is killed", async () => {
  const { signal } = new AbortController();
  const reports = await Array.fromAsync(killTrials({ targets: KILL_TARGETS, times: 3, seed: 2, signal }));
  assert.deepEqual(
    reports.map(({ target, kills }) => [target, kills]),
    KILL_TARGETS.map((target) => [target, 3]),
  );
  assert.ok(reports.every(({ ends }) => ends >= 2));
});

for (
  const [flags, message] of [
    [["--times", "0"], '--times is "0", expected a whole number above 0.'],
    [["--stage", "grpo"], '--stage is "grpo", expected one of pretrain, midtrain, sft, reasoning.'],
  ] as const
) {
  Deno.test(`kill ${flags.join(" ")} ends with one sentence and exit code 2`, async () => {
    const { code, stdout, stderr } = await runTaskFile("kill", Deno.cwd(), ...flags);
    assert.deepEqual([code, stdout, stderr], [2, "", `${message}\n`]);
  });
}
