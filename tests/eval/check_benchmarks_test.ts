import assert from "node:assert/strict";
import { join } from "node:path";
import { GSM8K } from "../../lib/benchmarks/gsm8k.ts";
import { MATH500 } from "../../lib/benchmarks/math500.ts";
import { MMLU } from "../../lib/benchmarks/mmlu.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import { checkBenchmark, hasFiles } from "../../lib/eval/check_benchmarks.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("checkBenchmark() reads questions and examples, and judges their gold answers", async () => {
  await using sandboxes = new Sandboxes();
  for (const [task, items] of [[GSM8K, 5], [MATH500, 2], [MMLU, 4]] as const) {
    const { seconds: _, ...check } = await checkBenchmark(task, HUB, sandboxes);
    assert.deepEqual(check, { task: task.name, items, judged: items, wrong: [] });
  }
});

Deno.test("checkBenchmark() names a gold answer that is not accepted", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "math500"));
    const record = { problem: "1+1?", solution: "It is $\\boxed{3}$.", answer: "2", unique_id: "bad" };
    await Deno.writeTextFile(join(directory, "math500", "test.jsonl"), JSON.stringify(record) + "\n");
    assert.equal(await hasFiles(MATH500, directory), true);
    assert.equal(await hasFiles(GSM8K, directory), false);
    // The form's last line says 2; without it the solution says 3.
    const task = {
      ...MATH500,
      item: (one: Parameters<typeof MATH500.item>[0]) => ({ ...MATH500.item(one), target: record.solution }),
    };
    await using sandboxes = new Sandboxes();
    assert.deepEqual((await checkBenchmark(task, directory, sandboxes)).wrong, ["bad"]);
  }));
