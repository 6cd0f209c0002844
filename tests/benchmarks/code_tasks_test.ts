/** How benchmarks of code are asked; how their programs are judged is tested beside the sandbox. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { HUMANEVAL } from "../../lib/benchmarks/humaneval.ts";
import { HUMANEVAL_JS } from "../../lib/benchmarks/humaneval_js.ts";
import { MBPP } from "../../lib/benchmarks/mbpp.ts";
import { fewShotPrefix, readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import { inDirectory } from "../core/temporary.ts";

/** Runs a test on a folder with one file of records. */
function withRecords(path: string, records: readonly unknown[], test: (data: string) => Promise<void>) {
  return inDirectory(async (data) => {
    await Deno.mkdir(join(data, path, ".."), { recursive: true });
    await Deno.writeTextFile(
      join(data, path),
      records.map((record) => JSON.stringify(record) + "\n").join(""),
    );
    await test(data);
  });
}

Deno.test("MBPP asks tasks 11 to 510 with the examples 2, 3 and 4", () =>
  withRecords(
    "mbpp/mbpp.jsonl",
    [1, 2, 3, 4, 10, 11, 510, 511].map((task_id) => ({
      task_id,
      text: `Write f${task_id}.`,
      code: `def f${task_id}(): return 1`,
      test_list: [`assert f${task_id}() == 1`, `assert f${task_id}() > 0`],
      test_setup_code: "",
      challenge_test_list: [],
    })),
    async (data) => {
      const items = await readItems(MBPP, data);
      assert.deepEqual(items.map(({ id }) => id), ["11", "510"]);
      const examples = await readExamples(MBPP, data, 3);
      const [item] = items;
      assert.ok(item);
      const shown = (id: number) =>
        `You are an expert Python programmer, and here is your task: Write f${id}. Your code should pass these tests:\n\n` +
        `assert f${id}() == 1\nassert f${id}() > 0\n[BEGIN]\n`;
      assert.equal(
        fewShotPrefix(MBPP, item, examples) + item.prompt,
        [2, 3, 4].map((id) => `${shown(id)}def f${id}(): return 1\n[DONE]\n\n`).join("") + shown(11),
      );
    },
  ));

Deno.test("HUMANEVAL goes on with the prompt as it is", () =>
  withRecords(
    "humaneval/HumanEval.jsonl",
    [{
      task_id: "HumanEval/900",
      prompt: 'def one():\n    """One."""\n',
      entry_point: "one",
      canonical_solution: "    return 1\n",
      test: "def check(candidate):\n    assert candidate() == 1\n",
    }],
    async (data) => {
      const [item] = await readItems(HUMANEVAL, data);
      assert.equal(item?.prompt, 'def one():\n    """One."""\n');
      assert.equal(item?.target, "    return 1\n");
    },
  ));

Deno.test("HUMANEVAL_JS runs what follows the prompt, or the code in a message", () =>
  withRecords(
    "humaneval-js/humaneval-js.jsonl",
    [{
      name: "HumanEval_901_two",
      language: "js",
      prompt: "//Two\nfunction two(){\n",
      tests: "const assert = require('node:assert');\nassert.deepEqual(two(), 2);",
      stop_tokens: ["\nfunction "],
    }],
    async (data) => {
      const [item] = await readItems(HUMANEVAL_JS, data);
      assert.deepEqual([item?.id, item?.target], ["HumanEval_901_two", null]);
      await using sandboxes = new Sandboxes();
      assert.equal((await item?.grade("  return 2;\n}", "completion", sandboxes))?.correct, true);
      const chat = "Here:\n```javascript\nfunction two() { return 3; }\n```\n";
      assert.equal((await item?.grade(chat, "chat", sandboxes))?.correct, false);
    },
  ));
