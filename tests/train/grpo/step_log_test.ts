import assert from "node:assert/strict";
import { readSteps, StepLog } from "../../../lib/train/grpo/step_log.ts";

Deno.test("StepLog.open() forgets later steps and a line that was cut short", async () => {
  const path = `${await Deno.makeTempDir()}/log.jsonl`;
  assert.deepEqual(await readSteps(path), []);
  const log = await StepLog.open(path, -1);
  log.append({ step: 0 }, { step: 1 });
  log.append({ step: 2 });
  await Deno.writeTextFile(path, '{"step": 3', { append: true });
  const again = await StepLog.open(path, 1);
  again.append({ step: 2 });
  assert.deepEqual(await readSteps(path), [{ step: 0 }, { step: 1 }, { step: 2 }]);
});
