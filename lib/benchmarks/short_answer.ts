/**
 * Short answers, equal but for case, articles, punctuation and spaces: SQuAD's normalisation (Rajpurkar et al., 2016).
 *
 * As TriviaQA's own evaluation does. lm-eval ignores articles for NQ-open alone, and only where they are small or capitalised.
 * @module
 */
import type { Grade } from "./task.ts";

/** "The  Beatles!" → "beatles". What has nothing but articles and signs ("A+") keeps them. */
export function normaliseShortAnswer(text: string): string {
  const plain = text.toLowerCase().replace(/[\p{P}\p{S}]+/gu, "").replace(/\b(a|an|the)\b/g, " ")
    .replace(/\s+/g, " ").trim();
  return plain === "" ? text.toLowerCase().trim() : plain;
}

/**
 * Judges the first line of an answer: right if it is one of the accepted ones.
 *
 * @example
 * ```ts
 * import { gradeShortAnswer } from "./short_answer.ts";
 * import assert from "node:assert/strict";
 * assert.equal(gradeShortAnswer(" The Beatles.", ["Beatles", "Fab Four"]).correct, true);
 * ```
 */
export function gradeShortAnswer(answer: string, accepted: readonly string[]): Grade {
  const line = answer.trim().split("\n")[0] ?? "";
  const given = normaliseShortAnswer(line);
  if (given === "") return { correct: false, extracted: null, reason: "nothing is answered" };
  return { correct: accepted.some((one) => normaliseShortAnswer(one) === given), extracted: line };
}
