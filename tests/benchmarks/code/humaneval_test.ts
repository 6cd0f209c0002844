import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { humanEvalProblem, humanEvalProgram } from "../../../lib/benchmarks/code/humaneval.ts";

const value = {
  task_id: "Own/0",
  prompt: "import math\n\ndef half(x):\n    '''Half of x.'''\n",
  entry_point: "half",
  canonical_solution: "    return x / 2\n",
  test: "def check(candidate):\n    assert candidate(3) == 1.5\n",
};
const record = { value, path: "HumanEval.jsonl.gz", number: 1 };

Deno.test("humanEvalProgram() puts a completion after the prompt", () => {
  const problem = humanEvalProblem(record);
  assert.equal(
    humanEvalProgram(problem, problem.solution, "completion"),
    `${value.prompt}    return x / 2\n\n${value.test}\ncheck(half)\n`,
  );
});

Deno.test("humanEvalProgram() puts a chat's function after the prompt's, which is complete", () => {
  const program = humanEvalProgram(
    humanEvalProblem(record),
    "```python\ndef half(x): return x / 2\n```",
    "chat",
  );
  assert.equal(program, `${value.prompt}\n\ndef half(x): return x / 2\n\n${value.test}\ncheck(half)\n`);
});

Deno.test("humanEvalProblem() names file, record and field", () => {
  const { test: _, ...rest } = value;
  assert.throws(
    () => humanEvalProblem({ ...record, value: rest }),
    (error) => error instanceof UsageError && /HumanEval\.jsonl\.gz.*1.*"test"/.test(error.message),
  );
});
