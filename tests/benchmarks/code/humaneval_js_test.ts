import assert from "node:assert/strict";
import { humanEvalJsProblem, humanEvalJsProgram } from "../../../lib/benchmarks/code/humaneval_js.ts";

const value = {
  name: "HumanEval_0_half",
  language: "js",
  prompt: "//Half of x.\nfunction half(x){\n",
  tests: "const assert = require('node:assert');\nassert.deepEqual(half(3), 1.5);",
  stop_tokens: ["\nfunction "],
};
const problem = humanEvalJsProblem({ value, path: "humaneval-js.jsonl", number: 1 });

Deno.test("humanEvalJsProblem() reads the published layout", () => {
  const { prompt, tests: test } = value;
  assert.deepEqual(problem, { id: "HumanEval_0_half", prompt, test, stop: ["\nfunction "] });
});

Deno.test("humanEvalJsProgram() puts a completion after the prompt and takes a chat's function alone", () => {
  assert.equal(
    humanEvalJsProgram(problem, "return x / 2}", "completion"),
    `${value.prompt}return x / 2}\n${value.tests}\n`,
  );
  assert.equal(
    humanEvalJsProgram(problem, "```js\nconst half = 1\n```", "chat"),
    `const half = 1\n\n${value.tests}\n`,
  );
});
