import assert from "node:assert/strict";
import fc from "fast-check";
import { goldAnswer, MathematicsGrader } from "../../../lib/benchmarks/mathematics/grade.ts";

interface Pair {
  readonly kind: string;
  readonly equal: boolean;
  readonly answer: string;
  readonly gold: string;
}

const PAIRS: Pair[] = Deno.readTextFileSync(
  new URL("../../fixtures/mathematics/pairs.jsonl", import.meta.url),
)
  .trim().split("\n").map((line) => JSON.parse(line));

Deno.test("MathematicsGrader accepts other spellings and rejects near misses, each within its limit", async () => {
  await using grader = new MathematicsGrader();
  await grader.prepare();
  const counts = { true: 0, false: 0 };
  const wrong: unknown[] = [];
  for (const { kind, equal, answer, gold } of PAIRS) {
    const started = performance.now();
    const { correct } = await grader.grade(answer, gold);
    if (correct !== equal) wrong.push({ kind, answer, gold, correct });
    assert.ok(performance.now() - started < 4000, `${answer} took too long`);
    counts[`${equal}`]++;
  }
  assert.deepEqual(wrong, []);
  assert.ok(
    counts.true >= 200 && counts.false >= 200,
    `${counts.true} equal pairs, ${counts.false} near misses`,
  );
});

Deno.test("MathematicsGrader.grade() is symmetric in bare answers, and accepts each against itself", async () => {
  await using grader = new MathematicsGrader();
  for (const { answer, gold, equal, kind } of PAIRS.filter((_, i) => i % 3 === 0)) {
    if (kind === "solution") continue;
    assert.ok((await grader.grade(`\\boxed{${gold}}`, gold)).correct, gold);
    assert.equal(
      (await grader.grade(`\\boxed{${gold}}`, answer)).correct,
      equal,
      `${gold} against ${answer}`,
    );
  }
});

Deno.test("MathematicsGrader.grade() knows equal and unequal fractions of any size and spelling", async () => {
  await using grader = new MathematicsGrader();
  const whole = fc.integer({ min: 1, max: 10_000 });
  await fc.assert(
    fc.asyncProperty(whole, whole, fc.integer({ min: 1, max: 50 }), async (above, below, factor) => {
      const gold = `\\frac{${above}}{${below}}`;
      const equal = [
        `${above * factor}/${below * factor}`,
        `\\dfrac{${above}}{${below}}`,
        `$-\\frac{-${above}}{${below}}$`,
      ];
      for (const answer of equal) assert.ok((await grader.grade(answer, gold)).correct, answer);
      for (const answer of [`${above + 1}/${below}`, `-${gold}`]) {
        assert.ok(!(await grader.grade(answer, gold)).correct, answer);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("MathematicsGrader.grade() gives an answer to any text, and the same one again", async () => {
  await using grader = new MathematicsGrader();
  const piece = fc.constantFrom(
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "[",
    "\\boxed{",
    "^",
    "_",
    "\\",
    "\\text{",
    ",",
    "=",
    "2",
    "x",
    " ",
    "\\pm",
    "<",
    "$",
    "%",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.string(), async (pieces, text) => {
      for (const answer of [pieces.join(""), text]) {
        const first = await grader.grade(answer, "x^2");
        assert.equal(typeof first.correct, "boolean");
        assert.deepEqual(await grader.grade(answer, "x^2"), first);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("MathematicsGrader.grade() stops at its limit, and grades what follows", async () => {
  await using grader = new MathematicsGrader(2500);
  await grader.prepare();
  const started = performance.now();
  const [late, next] = await Promise.all([
    grader.grade(String.raw`\sum_{k=1}^{10^9} \sin(k)`, "7.2"),
    grader.grade(String.raw`\sqrt{8}`, String.raw`2\sqrt2`),
  ]);
  assert.deepEqual(late, {
    correct: false,
    extracted: String.raw`\sum_{k=1}^{10^9} \sin(k)`,
    reason: "time limit",
  });
  assert.ok(next.correct);
  // With a fresh worker for the second one.
  assert.ok(performance.now() - started < 30_000);
});

Deno.test("MathematicsGrader.grade() takes numbers too large to write down for unequal", async () => {
  await using grader = new MathematicsGrader();
  assert.deepEqual(await grader.grade("9^{9^{9^{9}}}+1", "2"), {
    correct: false,
    extracted: "9^{9^{9^{9}}}+1",
  });
});

Deno.test("MathematicsGrader.grade() says where there is no answer", async () => {
  await using grader = new MathematicsGrader();
  assert.deepEqual(await grader.grade("I really do not know what to say.", "3"), {
    correct: false,
    extracted: null,
    reason: "no answer",
  });
});

Deno.test("goldAnswer() finds the answer of MATH's, GSM8K's and bare gold", () => {
  assert.equal(goldAnswer(String.raw`so $\boxed{\frac{1}{2}}$.`), String.raw`\frac{1}{2}`);
  assert.equal(goldAnswer("4 * 2 = 8\n#### 1,008"), "1,008");
  assert.equal(goldAnswer(" (1, 2) "), "(1, 2)");
});
