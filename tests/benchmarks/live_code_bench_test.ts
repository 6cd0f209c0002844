/** LiveCodeBench as its file of release 6 is published, its answers run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LIVE_CODE_BENCH } from "../../lib/benchmarks/live_code_bench.ts";
import { readItems } from "../../lib/benchmarks/read.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import type { AnswerStyle, GenerationItem } from "../../lib/benchmarks/task.ts";
import { inDirectory } from "../core/temporary.ts";

/** A problem of a site of contests, whose programs read standard input. */
const SUM = {
  question_title: "Total",
  question_content: "The first line has n, the second n numbers. Print their sum.",
  platform: "atcoder",
  question_id: "abc900_a",
  contest_id: "abc900",
  contest_date: "2025-01-11T00:00:00",
  starter_code: "",
  difficulty: "easy",
  public_test_cases: '[{"input": "2\\n4 5\\n", "output": "9\\n", "testtype": "stdin"}]',
  // base64(zlib(pickle(json))) by Python: "3\n1 2 3\n" → "6\n", "1\n-5\n" → "-5\n".
  private_test_cases:
    "eJxrYJnawAABPTXR1UqZeQWlJUpWCkrGMXmGCkYKQEpJR0Epv7QEKm4GEShJLS4pqSxIBQkVl6Rk5inV6iggaTeMydM1RdcLE8GiOXaKHgCn1CjO",
  metadata: "{}",
};

/** A problem with a method to complete. */
const SORT = {
  ...SUM,
  question_title: "Descending",
  question_content: "Sort the numbers, leave out those below the limit.",
  platform: "leetcode",
  question_id: "9001",
  starter_code:
    "class Solution:\n    def descending(self, numbers: List[int], limit: int) -> List[int]:\n        ",
  public_test_cases: '[{"input": "[]\\n0", "output": "[]", "testtype": "functional"}]',
  // "[3, 1, 2]\n1" → "[3, 2, 1]".
  private_test_cases:
    "eJxrYJkawAABPT7R1UqZeQWlJUpWCkrRxjoKhjoKRrExeYZKOgpK+aUlSDJGQMlYkHBJanFJSWVBKkgirTQvuSQzPy8xR6k2dooeAB7DGU8=",
  metadata: '{"func_name": "descending"}',
};

function withItems(test: (sum: GenerationItem, sort: GenerationItem) => Promise<void>): Promise<void> {
  return inDirectory(async (data) => {
    const folder = join(data, "code_generation_lite");
    await Deno.mkdir(folder);
    // Release 6 is every file up to the sixth.
    await Deno.writeTextFile(join(folder, "test.jsonl"), JSON.stringify(SUM) + "\n");
    await Deno.writeTextFile(join(folder, "test6.jsonl"), JSON.stringify(SORT) + "\n");
    const [sum, sort, ...others] = await readItems(LIVE_CODE_BENCH, data);
    assert.ok(sum && sort && others.length === 0);
    await test(sum, sort);
  });
}

Deno.test("LIVE_CODE_BENCH asks for a program, or for the rest of a class, sixteen times", () =>
  withItems((sum, sort) => {
    assert.deepEqual([sum.id, sort.id], ["abc900_a", "9001"]);
    assert.equal(
      sum.question,
      `${SUM.question_content}\n\nWrite a Python program that reads standard input and prints the answer.`,
    );
    assert.equal(
      sort.question,
      `${SORT.question_content}\n\nWrite it in Python, going on with this code:\n\n\`\`\`python\n${SORT.starter_code}\n\`\`\``,
    );
    assert.equal(sort.prompt, `### Question\n${sort.question}\n\n### Answer\n`);
    assert.deepEqual([LIVE_CODE_BENCH.chat.samples, LIVE_CODE_BENCH.completion.samples], [16, 16]);
    return Promise.resolve();
  }));

Deno.test("LIVE_CODE_BENCH runs answers on public and private tests", () =>
  withItems(async (sum, sort) => {
    await using sandboxes = new Sandboxes();
    const passes = async (item: GenerationItem, answer: string, style: AnswerStyle = "completion") =>
      (await item.grade(answer, style, sandboxes)).correct;
    const read = "n = int(input())\n";
    assert.ok(await passes(sum, `${read}print(sum(map(int, input().split())))`));
    assert.ok(
      await passes(sum, `Sum:\n\`\`\`python\n${read}print(sum(map(int, input().split())))\n\`\`\``, "chat"),
    );
    // Right for the public test, wrong for a private one.
    assert.ok(!await passes(sum, `${read}print(sum(map(abs, map(int, input().split()))))`));
    // The names that the authors import, and their depth of recursion.
    const deep = "def depth(n): return n and 1 + depth(n - 1)\nassert depth(20000) == 20000\n";
    assert.ok(
      await passes(
        sum,
        `${deep}${read}print(reduce(lambda a, b: a + b, map(int, stdin.readline().split())))`,
      ),
    );
    const body = (order: string) =>
      `${SORT.starter_code}return tuple(sorted((n for n in numbers if n >= limit), reverse=${order}))\n`;
    assert.ok(await passes(sort, body("True")));
    assert.ok(!await passes(sort, body("False")));
  }));
