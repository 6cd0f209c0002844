import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import {
  liveCodeBenchProblem,
  passesLiveCodeBench,
  sameOutput,
} from "../../../lib/benchmarks/code/live_code_bench.ts";
import type { Outcome, Sandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";
import { UsageError } from "../../../lib/core/errors.ts";

/** As the published file packs private tests: JSON, pickle's protocol 4 (short strings), zlib, base64. */
function pack(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return deflateSync(new Uint8Array([0x80, 4, 0x8c, bytes.length, ...bytes, 0x94, 0x2e])).toBase64();
}

const test = (input: string, output: string, testtype = "stdin") => ({ input, output, testtype });
const fields = {
  question_title: "Double",
  question_content: "Print twice the number.",
  platform: "own",
  question_id: "own_1",
  contest_id: "1",
  contest_date: "2025-01-04T00:00:00",
  starter_code: "",
  difficulty: "easy",
  public_test_cases: JSON.stringify([test("1\n", "2\n")]),
  private_test_cases: pack(JSON.stringify([test("2", "4"), test("3", "6")])),
  metadata: "{}",
};
const of = (changed: Partial<typeof fields> = {}) =>
  liveCodeBenchProblem({ value: { ...fields, ...changed }, path: "test6.jsonl", number: 3 });

/** A sandbox that runs nothing: it answers by what it is asked. */
function answering(
  answer: (program: string, stdin: string) => Partial<Outcome>,
): Sandbox & { asked: number } {
  return {
    asked: 0,
    run(program, { stdin = "" }) {
      this.asked++;
      return Promise.resolve({
        status: "passed",
        stdout: "",
        stderr: "",
        seconds: 0,
        ...answer(program, stdin),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("liveCodeBenchProblem() unpacks private tests, packed or plain", () => {
  const tests = [{ input: "1\n", output: "2\n" }, { input: "2", output: "4" }, { input: "3", output: "6" }];
  const problem = of();
  assert.deepEqual(problem.tests, tests);
  assert.equal(problem.method, null);
  const plain = of({ private_test_cases: JSON.stringify([test("2", "4"), test("3", "6")]) });
  assert.deepEqual(plain, problem);
});

Deno.test("liveCodeBenchProblem() names file, record and field", () => {
  const wrong: Partial<typeof fields>[] = [
    { private_test_cases: "AAAA" },
    { private_test_cases: deflateSync(new Uint8Array([0x80, 4, 0x4e, 0x2e])).toBase64() },
    { public_test_cases: "[{}]" },
    { metadata: "{" },
    { public_test_cases: JSON.stringify([test("1", "2", "functional")]) },
  ];
  for (const changed of wrong) {
    assert.throws(
      () => of(changed),
      (error) => error instanceof UsageError && /test6\.jsonl.*3/.test(error.message),
    );
  }
});

Deno.test("passesLiveCodeBench() compares standard output, also of programs that exit", async () => {
  const right = answering((_, stdin) => ({ status: "exited", stdout: ` ${2 * Number(stdin)}.0\n` }));
  assert.equal(await passesLiveCodeBench(of(), "print(2 * int(input()))", "completion", right), true);
  assert.equal(right.asked, 3);
  const wrong = answering((_, stdin) => ({ stdout: stdin === "2" ? "5" : String(2 * Number(stdin)) }));
  assert.equal(await passesLiveCodeBench(of(), "", "completion", wrong), false);
  assert.equal(wrong.asked, 2);
  const failed = answering((_, stdin) => ({ status: "failed", stdout: String(2 * Number(stdin)) }));
  assert.equal(await passesLiveCodeBench(of(), "", "completion", failed), false);
});

Deno.test("passesLiveCodeBench() calls a method with a JSON value a line", async () => {
  const problem = of({
    public_test_cases: JSON.stringify([test('[1, 2]\n"é\\"x"', "true", "functional")]),
    private_test_cases: "[]",
    metadata: '{"func_name": "solve"}',
    starter_code: "class Solution:\n    def solve(self, a, b):\n",
  });
  assert.equal(problem.method, "solve");
  let asked = "";
  const sandbox = answering((program) => {
    asked = program;
    return {};
  });
  assert.equal(await passesLiveCodeBench(problem, "```python\nCODE\n```", "chat", sandbox), true);
  assert.match(asked, /\nCODE\n/);
  assert.match(asked, /Solution\(\)\.solve\(\*/);
  assert.ok(asked.includes(JSON.stringify('[1, 2]\n"é\\"x"')));
  assert.equal(
    await passesLiveCodeBench(problem, "", "chat", answering(() => ({ status: "exited" }))),
    false,
  );
});

Deno.test("sameOutput() forgives spaces and how numbers are written, nothing else", () => {
  assert.ok(sameOutput(" 1 2 \n3\n\n", "1 2\n3"));
  assert.ok(sameOutput("0.50 -0.0 +7", "00.5 0 7"));
  assert.ok(sameOutput("1e-06 -2.50E+3 100", "0.000001 -2500 1e2"));
  assert.ok(sameOutput("", "\n"));
  assert.ok(!sameOutput("1\n2", "1 2"));
  assert.ok(!sameOutput("1", "1\n1"));
  assert.ok(!sameOutput("12345678901234567891", "12345678901234567890"));
  assert.ok(!sameOutput("1e6", "1e-6"));
  assert.ok(!sameOutput("e5", "0"));
  assert.ok(!sameOutput("Yes", "YES"));
  assert.ok(!sameOutput(".", "." + "0"));
});
