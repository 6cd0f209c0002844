import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../../lib/core/errors.ts";
import { type ChatRecord, layoutOf, LAYOUTS } from "../../../lib/sources/chat/layouts.ts";
import { ReferencedQuestions } from "../../../lib/sources/chat/referenced_questions.ts";

const questions = new ReferencedQuestions("/nowhere");

/** A record as each set publishes it, with its layout, problem and solution. */
const RECORDS: [string, ChatRecord, string, string][] = [
  [
    "OpenCodeReasoning-2",
    {
      ...{
        question_id: "a",
        question: "Add two numbers.",
        dataset: "taco",
        split: "train",
        index: "3",
        pass_rate: "-1",
      },
      ...{
        r1_generation: "<think>\nEasy.\n</think>\n\n```python\nprint(1)\n```",
        qwq_critique: "Right.",
        judgement: "right",
      },
      solution: "print(1)",
    },
    "Add two numbers.",
    "<think>\nEasy.\n</think>\n\n```python\nprint(1)\n```",
  ],
  [
    "OpenMathReasoning",
    {
      ...{
        expected_answer: "6",
        problem_type: "has_answer_extracted",
        problem_source: "aops",
        pass_rate_72b_tir: "0.9",
      },
      ...{
        generation_model: "DeepSeek-R1",
        inference_mode: "cot",
        used_in_kaggle: true,
        problem: "Find $3!$.",
      },
      generated_solution: "<think>\n$3\\cdot2$\n</think>\n\n\\boxed{6}",
    },
    "Find $3!$.",
    "<think>\n$3\\cdot2$\n</think>\n\n\\boxed{6}",
  ],
  [
    "OpenScienceReasoning-2",
    { input: "Which gas?\nA: O2\nB: N2", output: "<think>B.</think>B", expected_answer: "B" },
    "Which gas?\nA: O2\nB: N2",
    "<think>B.</think>B",
  ],
  [
    "GSM8K",
    { question: "48 and half of it?", answer: "48/2 = <<48/2=24>>24.\n48+24 = <<48+24=72>>72.\n#### 72" },
    "48 and half of it?",
    "48/2 = 24.\n48+24 = 72.\n#### 72",
  ],
  [
    "MATH",
    { problem: "What is $1+1$?", level: "Level 1", type: "Algebra", solution: "$\\boxed{2}$", idx: 0 },
    "What is $1+1$?",
    "$\\boxed{2}$",
  ],
];

for (const [name, record, problem, solution] of RECORDS) {
  Deno.test(`layoutOf() knows ${name} by its fields, and it gives problem and solution`, async () => {
    const layout = layoutOf(record);
    assert.equal(layout?.name, name);
    assert.deepEqual(await layout?.messages(record, questions), [
      { role: "user", content: problem },
      { role: "assistant", content: solution },
    ]);
  });
}

/** What a layout makes of a record. */
const read = async (record: ChatRecord) => await layoutOf(record)?.messages(record, questions);

Deno.test("Tulu 3's layout gives all turns, without what else they have", async () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello" },
  ];
  const record = { id: "x", source: "y", messages: messages.map((turn) => ({ ...turn, extra: null })) };
  assert.deepEqual(await read(record), messages);
  assert.equal(await read({ messages: messages.slice(0, 2) }), null);
});

Deno.test("layouts pass over what has no answer to learn", async () => {
  assert.equal(await read({ problem: "p", generated_solution: "n/a", inference_mode: "n/a" }), null);
  assert.equal(await read({ problem: "p", generated_solution: "s", inference_mode: "tir" }), null);
  assert.equal(await read({ input: "p", output: " \n" }), null);
});

Deno.test("layouts say what is wrong with a record", async () => {
  const wrong: [ChatRecord, RegExp][] = [
    [{ messages: "Hi" }, /^expected a list in "messages"\.$/],
    [{ messages: [{ role: "tool", content: "1" }] }, /message 1, it has role "tool"\.$/],
    [{ messages: [{ role: "user", content: "1" }, null] }, /in message 2, it has role undefined\.$/],
    [{ question: "q", answer: null }, /^expected a text in "answer"\.$/],
    [
      { question: "-", r1_generation: "r", dataset: "taco", split: "train", index: "x" },
      /a row number in "index"/,
    ],
  ];
  for (const [record, message] of wrong) {
    await assert.rejects(
      async () => await read(record),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});

Deno.test("layoutOf() knows no other records, and no layout hides another", () => {
  assert.equal(layoutOf({ text: "a" }), undefined);
  for (const { name, fields } of LAYOUTS) {
    assert.equal(layoutOf(Object.fromEntries(fields.map((field) => [field, ""])))?.name, name);
  }
});

Deno.test("layouts fail in no other way, whatever a record holds", async () => {
  const field = fc.constantFrom(
    ...LAYOUTS.flatMap(({ fields }) => fields),
    "dataset",
    "split",
    "index",
    "role",
  );
  const turn = fc.record({
    role: fc.oneof(fc.constant("assistant"), fc.jsonValue()),
    content: fc.jsonValue(),
  });
  const value = fc.oneof(fc.string(), fc.jsonValue(), fc.constant("-"), fc.array(turn));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(field, value), async (record) => {
      try {
        for (const { role, content } of await read(record) ?? []) {
          assert.ok(["system", "user", "assistant"].includes(role) && typeof content === "string");
        }
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
