import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { mbppProblem, mbppProgram } from "../../../lib/benchmarks/code/mbpp.ts";

const shared = { task_id: 7, code: "def f(x): return y * x" };
const of = (value: object) => mbppProblem({ value: { ...shared, ...value }, path: "mbpp.jsonl", number: 1 });

Deno.test("mbppProblem() reads the three published layouts", () => {
  const tests = ["assert f(2) == 6", "assert f(0) == 0"];
  const expected = { id: 7, solution: shared.code, text: "Write f.", setup: "y = 3", tests };
  assert.deepEqual(
    of({ text: "Write f.", test_setup_code: "y = 3", test_list: tests, challenge_test_list: [] }),
    expected,
  );
  assert.deepEqual(of({ prompt: "Write f.", test_imports: ["y = 3"], test_list: tests }), expected);
  assert.deepEqual(of({ prompt: "Write f.", test: tests }), { ...expected, setup: "" });
});

Deno.test("mbppProblem() names what is missing", () => {
  assert.throws(
    () => of({ prompt: "Write f." }),
    (error) => error instanceof UsageError && /mbpp\.jsonl/.test(error.message),
  );
});

Deno.test("mbppProgram() runs code, then setup, then tests", () => {
  const problem = of({ text: "", test_setup_code: "y = 3", test_list: ["assert f(2) == 6"] });
  assert.equal(mbppProgram(problem, "CODE", "completion"), "CODE\ny = 3\nassert f(2) == 6\n");
  assert.equal(mbppProgram(problem, "```\nCODE\n```", "chat"), "CODE\n\ny = 3\nassert f(2) == 6\n");
});
