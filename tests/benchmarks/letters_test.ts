import assert from "node:assert/strict";
import { gradeLetter } from "../../lib/benchmarks/letters.ts";
import type { ChoiceItem } from "../../lib/benchmarks/task.ts";

const item: ChoiceItem = {
  id: "1",
  contexts: [""],
  choices: ["Rome", "Paris", "New York"],
  gold: 1,
  question: "Where is the Louvre?",
  options: ["Rome", "Paris", "New York"],
};

const ANSWERS: readonly (readonly [answer: string, letter: string | null])[] = [
  ["B", "B"],
  [" (B) ", "B"],
  ["B. Paris", "B"],
  ["**B**", "B"],
  ["Answer: C", "C"],
  ["The answer is b.", "B"],
  ["I thought the answer is A. No: the answer is (B).", "B"],
  ["So \\boxed{B}", "B"],
  ["So \\boxed{\\text{B}}", "B"],
  ["The answer is Paris.", "B"],
  ["It is in new york!", "C"],
  ["Rome or Paris", null],
  ["A tower in France", null],
  ["The answer is D", null],
  ["", null],
];

for (const [answer, letter] of ANSWERS) {
  Deno.test(`gradeLetter() takes ${letter} from ${JSON.stringify(answer)}`, () => {
    const { extracted, correct } = gradeLetter(answer, item);
    assert.equal(extracted, letter);
    assert.equal(correct, letter === "B");
  });
}
