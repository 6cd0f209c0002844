import assert from "node:assert/strict";
import { gradeShortAnswer, normaliseShortAnswer } from "../../lib/benchmarks/short_answer.ts";

Deno.test("normaliseShortAnswer() keeps words, and letters that only look like articles", () => {
  assert.equal(normaliseShortAnswer("  The U.S.A., an  Anagram! "), "usa anagram");
  assert.equal(normaliseShortAnswer("Banana"), "banana");
  assert.equal(normaliseShortAnswer(" A+ "), "a+");
});

Deno.test("gradeShortAnswer() takes any of the accepted answers, of the first line", () => {
  const accepted = ["14 December 1972 UTC", "December 1972"];
  assert.equal(gradeShortAnswer(" december 1972\nQ: next?", accepted).correct, true);
  assert.equal(gradeShortAnswer("1972", accepted).correct, false);
  assert.deepEqual(gradeShortAnswer(" \n", accepted), {
    correct: false,
    extracted: null,
    reason: "nothing is answered",
  });
});
