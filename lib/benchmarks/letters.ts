/**
 * Choices by letter: for systems that can only write.
 * @module
 */
import type { ChoiceItem, Grade } from "./task.ts";

/** Names of choices, in order. */
export const LETTERS: readonly string[] = "ABCDEFGHIJ".split("");

/** The question with lettered options, as a user asks it. */
export function letteredQuestion({ question, options }: ChoiceItem): string {
  return [
    question,
    ...options.map((option, i) => `${LETTERS[i]}. ${option}`),
    "Answer with the letter of the right choice.",
  ].join("\n");
}

/** Where a letter is said to be the answer: "the answer is (B)", "**Answer: B**", "\boxed{B}". */
const SAID = /(?:answer(?:\s+is|:)|\\boxed\{)[\s*:]*\(?\\?(?:text\{)?\(?([A-J])(?![A-Za-z])/gi;

/**
 * Judges a written choice. What counts, in this order: the last letter that is said to be the answer; an answer that begins with a letter
 * by itself ("B", "(B)", "B. Paris"); the only option whose whole text the answer contains.
 *
 * @example
 * ```ts
 * import { gradeLetter } from "./letters.ts";
 * import assert from "node:assert/strict";
 * const item = { id: "1", contexts: [""], choices: ["Rome", "Paris"], options: ["Rome", "Paris"], gold: 1, question: "" };
 * assert.equal(gradeLetter("It is in France, so the answer is (B).", item).correct, true);
 * assert.equal(gradeLetter("A. Rome", item).correct, false);
 * ```
 */
export function gradeLetter(answer: string, { options, gold }: ChoiceItem): Grade {
  const known = LETTERS.slice(0, options.length);
  const said = [...answer.matchAll(SAID)].map(([, letter = ""]) => letter.toUpperCase())
    .findLast((letter) => known.includes(letter));
  const first = /^\**\(?([A-J])(?:[).:*]|\s*$)/.exec(answer.trimStart().split("\n")[0] ?? "")?.[1];
  const chosen = said ?? (first !== undefined && known.includes(first) ? first : onlyOption(answer, options));
  if (chosen === undefined) return { correct: false, extracted: null, reason: "no choice is named" };
  return { correct: chosen === LETTERS[gold], extracted: chosen };
}

/** The letter of the only option that the answer contains as words. */
function onlyOption(answer: string, options: readonly string[]): string | undefined {
  const words = (text: string) => ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;
  const found = options.flatMap((option, i) => words(answer).includes(words(option)) ? [LETTERS[i]] : []);
  return found.length === 1 ? found[0] : undefined;
}
