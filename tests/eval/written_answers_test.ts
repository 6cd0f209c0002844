import assert from "node:assert/strict";
import { ARC_EASY } from "../../lib/benchmarks/arc.ts";
import { MATH500 } from "../../lib/benchmarks/math500.ts";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import type { AnswerRequest } from "../../lib/eval/system.ts";
import { asWrittenTask, writtenAnswers } from "../../lib/eval/written_answers.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { stubSystem } from "./stub_system.ts";

const { signal } = new AbortController();

Deno.test("writtenAnswers() as a chat sends the system message and no examples", async () => {
  const asked: AnswerRequest[] = [];
  const system = stubSystem({
    answer: (request) => {
      asked.push(request);
      return "Half, so \\boxed{0.5}.";
    },
  });
  const settings = { style: "chat", shots: 4, maxNewTokens: 77, seed: 1 } as const;
  const items = await readItems(MATH500, HUB);
  const protocol = writtenAnswers(MATH500, items, new Map(), settings, system, new Sandboxes());
  assert.equal(protocol.shots, 0);
  const [sample] = await Array.fromAsync(protocol.ask([{ id: "test/algebra/1.json", sample: 0 }], signal));
  assert.deepEqual(sample?.metrics, { exact_match: 1 });
  assert.deepEqual(asked[0]?.prompt, {
    messages: [
      { role: "system", content: "Reason step by step and put your final answer within \\boxed{}." },
      { role: "user", content: "Solve $2x=1$." },
    ],
  });
  assert.deepEqual([asked[0]?.sampling, asked[0]?.maxNewTokens], [{ temperature: 0.6, topP: 0.95 }, 77]);
});

Deno.test("writtenAnswers() as a completion has Minerva's form and reads its answer", async () => {
  const items = await readItems(MATH500, HUB);
  const examples = await readExamples(MATH500, HUB, 1);
  const settings = { style: "completion", shots: 1, seed: 1 } as const;
  const say = " So.\nFinal Answer: The final answer is $1/2$. I hope it is correct.";
  const protocol = writtenAnswers(
    MATH500,
    items,
    examples,
    settings,
    stubSystem({ answer: () => say }),
    new Sandboxes(),
  );
  assert.deepEqual(protocol.questions[0]?.arguments, [[
    "Problem:\nWhat is $1+1$?\n\nSolution: It is $\\boxed{2}$.\n" +
    "Final Answer: The final answer is $2$. I hope it is correct.\n\nProblem:\nSolve $2x=1$.\n\nSolution:",
  ]]);
  const [sample] = await Array.fromAsync(protocol.ask([{ id: "test/algebra/1.json", sample: 0 }], signal));
  assert.deepEqual(sample?.metrics, { exact_match: 1 });
});

Deno.test("asWrittenTask() asks multiple choice by letters", async () => {
  const task = asWrittenTask(ARC_EASY);
  const [item] = await readItems(task, HUB);
  assert.equal(
    item?.question,
    "What freezes first?\nA. still water\nB. salt water\nC. oil\nAnswer with the letter of the right choice.",
  );
  assert.equal((await item?.grade("The answer is (A).", "chat", new Sandboxes()))?.correct, true);
});
