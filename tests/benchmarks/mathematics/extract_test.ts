import assert from "node:assert/strict";
import fc from "fast-check";
import { boxed, extractAnswer, lastNumber } from "../../../lib/benchmarks/mathematics/extract.ts";

const r = String.raw;

Deno.test("boxed() takes the last box that closes, with nested and escaped braces", () => {
  assert.equal(boxed(r`\boxed{1} and \boxed{\frac{1}{\sqrt{2}}}`), r`\frac{1}{\sqrt{2}}`);
  assert.equal(boxed(r`\boxed{\{1, 2\}}`), r`\{1, 2\}`);
  assert.equal(boxed(r`\boxed{7} then \boxed{\frac{1}{2}`), "7");
  assert.equal(boxed(r`\boxed 5 apples`), "5");
  assert.equal(boxed(r`\fbox{B}`), "B");
  assert.equal(boxed("no box"), null);
});

Deno.test("boxed() finds whatever balanced text it is given", () => {
  const { text } = fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("a", "1", r`\pi `, "+"),
      tie("text").map((inner) => `{${inner}}`),
    ),
  }));
  fc.assert(fc.property(text, fc.constantFrom("", "x ", r`\boxed{0} `), (inner, before) => {
    assert.equal(boxed(`${before}\\boxed{${inner}} end`), inner.trim());
  }));
});

Deno.test("lastNumber() reads signs, decimals, fractions and thousands", () => {
  const cases: [string, string | null][] = [
    ["he has 3 and then 12.", "12"],
    ["it costs $1,234.50", "1234.50"],
    ["so x is -4", "-4"],
    ["about .5 of it", ".5"],
    ["3/4 of them", "3/4"],
    ["none", null],
    ["in 2 of 10,000 cases", "10000"],
  ];
  for (const [text, number] of cases) assert.equal(lastNumber(text), number, text);
});

Deno.test("extractAnswer() goes by box, mark, statement, bare answer, last number", () => {
  const cases: [string, string | null][] = [
    [r`#### 3 \boxed{4}`, "4"],
    ["5 + 6 = 11\n#### 11\n", "11"],
    ["#### 1\n#### 2 apples\nmore", "2 apples"],
    ["I add them. The answer is 12. Then I stop.", "12"],
    ["Answer: 3.5", "3.5"],
    [r`$\frac{1}{2}$`, r`$\frac{1}{2}$`],
    ["12 square units", "12 square units"],
    ["It is 1,200 dollars.", "1200"],
    ["There are 3 of these and also 9 of those left.", "9"],
    ["", null],
    ["####", null],
  ];
  for (const [text, answer] of cases) assert.equal(extractAnswer(text), answer, text);
});
