import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkPairs,
  humanEvalJsPairs,
  humanEvalPairs,
  mbppPairs,
} from "../../../lib/benchmarks/code/check.ts";
import { openSandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";
import { inDirectory } from "../../core/temporary.ts";

/** Writes published layouts by hand: one problem of each benchmark. */
async function writeData(directory: string): Promise<void> {
  const files = {
    "humaneval/HumanEval.jsonl": {
      task_id: "Own/0",
      prompt: "def half(x):\n    '''Half of x.'''\n",
      entry_point: "half",
      canonical_solution: "    return x / 2\n",
      test: "def check(candidate):\n    assert candidate(3) == 1.5\n",
    },
    "mbpp/mbpp.jsonl": {
      task_id: 1,
      text: "Write a function that scales.",
      code: "def scale(x): return factor * x",
      test_setup_code: "factor = 3",
      test_list: ["assert scale(2) == 6"],
    },
    "humaneval-js/humaneval-js.jsonl": {
      name: "HumanEval_53_add",
      prompt: "function add(x, y){\n",
      tests: "require('node:assert').equal(add(2, 3), 5);",
      stop_tokens: [],
    },
  };
  for (const [name, record] of Object.entries(files)) {
    await Deno.mkdir(join(directory, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(directory, name), JSON.stringify(record) + "\n");
  }
}

Deno.test("checkPairs() finds solutions right and mutants wrong, and says where they are not", async () => {
  await inDirectory(async (directory) => {
    await writeData(directory);
    await using python = await openSandbox({ language: "python", workers: 2 });
    const pairs = [...await humanEvalPairs(directory), ...await mbppPairs(directory)];
    assert.deepEqual(pairs.map(({ id }) => id), ["Own/0", "MBPP/1"]);
    assert.deepEqual(await checkPairs(pairs, python, 60), []);
    const swapped = pairs.map(({ id, solution, mutant }) => ({ id, solution: mutant, mutant: solution }));
    const wrong = await checkPairs(swapped, python, 60);
    assert.deepEqual(wrong.map(({ id, program, outcome }) => [id, program, outcome.status]), [
      ["Own/0", "solution", "failed"],
      ["Own/0", "mutant", "passed"],
      ["MBPP/1", "solution", "failed"],
      ["MBPP/1", "mutant", "passed"],
    ]);

    await using javascript = await openSandbox({ language: "javascript", workers: 2 });
    const scripts = await humanEvalJsPairs(directory);
    assert.equal(scripts.length, 1);
    assert.deepEqual(await checkPairs(scripts, javascript, 60), []);
  });
});
