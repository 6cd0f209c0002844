import assert from "node:assert/strict";
import fc from "fast-check";
import { problemText, solutionText, wordProblem } from "../../../lib/sources/word_problems/problem.ts";
import { type Split, TEMPLATES } from "../../../lib/sources/word_problems/templates.ts";

const SPLITS: readonly Split[] = ["training", "held out"];

Deno.test("TEMPLATES are disjoint, and every sentence of a held-out one is in a training one", () => {
  const names = (split: Split) => TEMPLATES[split].map(({ name }) => name);
  assert.equal(names("training").length, 80);
  assert.equal(names("held out").length, 20);
  assert.ok(names("held out").every((name) => !names("training").includes(name)));
  for (const { beginning, end } of TEMPLATES["held out"]) {
    assert.ok(TEMPLATES.training.some((other) => other.beginning === beginning));
    assert.ok(TEMPLATES.training.some((other) => other.end === end));
  }
});

/** Works a solution out anew, with nothing of the generator's: the sums in it, and the last number. */
function check(solution: string): number {
  let last = NaN;
  for (const [, a, operation, b, result] of solution.matchAll(/(\d+) ([-+*/]) (\d+) = (\d+)/g)) {
    const [x, y] = [Number(a), Number(b)];
    last = operation === "+" ? x + y : operation === "-" ? x - y : operation === "*" ? x * y : x / y;
    assert.equal(last, Number(result), solution);
  }
  return last;
}

Deno.test("wordProblem() has right sums, which follow from the story and from each other, and small whole numbers", () => {
  fc.assert(fc.property(fc.constantFrom(...SPLITS), fc.nat(), fc.nat({ max: 1e6 }), (split, seed, index) => {
    const problem = wordProblem(split, seed, index);
    const solution = solutionText(problem);
    assert.equal(check(solution), problem.answer);
    assert.match(solution, new RegExp(`\\n#### ${problem.answer}$`));
    const numbers = solution.match(/\d+/g)?.map(Number) ?? [];
    assert.ok(numbers.every((number) => number >= 1 && number <= 99), solution);
    // a ∘ b = m, m ∘ c = n, n: a, b and c are in the story.
    const [a, b, middle, again, c] = numbers;
    assert.equal(middle, again);
    const told = problemText(problem).match(/\d+/g)?.map(Number) ?? [];
    assert.deepEqual(told, [a, b, c]);
  }));
});

Deno.test("wordProblem() depends on split, seed and index alone, and varies with each", () => {
  const text = (split: Split, seed: number, index: number) => problemText(wordProblem(split, seed, index));
  assert.equal(text("training", 1, 5), text("training", 1, 5));
  const texts = [
    text("training", 1, 5),
    text("held out", 1, 5),
    text("training", 2, 5),
    text("training", 1, 6),
  ];
  assert.equal(new Set(texts).size, 4);
  const many = new Set(Array.from({ length: 2000 }, (_, i) => text("training", 1, i)));
  assert.ok(many.size > 1980, `${many.size} of 2000 differ`);
});

Deno.test("wordProblem() uses every template of its split, and no other", () => {
  for (const split of SPLITS) {
    const used = new Set(Array.from({ length: 3000 }, (_, i) => wordProblem(split, 3, i).template));
    assert.deepEqual([...used].sort(), TEMPLATES[split].map(({ name }) => name).sort());
  }
});
