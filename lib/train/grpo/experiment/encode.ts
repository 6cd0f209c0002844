/**
 * Word problems as tokens, in the chat format.
 * @module
 */
import { problemText, solutionText, wordProblem } from "../../../sources/word_problems/problem.ts";
import type { Split } from "../../../sources/word_problems/templates.ts";
import { encodeConversation, encodePrompt } from "../../../tokenizer/chat.ts";
import type { Tokenizer } from "../../../tokenizer/tokenizer.ts";
import type { EncodedProblem } from "./problem_file.ts";

/** The first `count` problems of a split. */
export function encodeProblems(
  split: Split,
  seed: number,
  count: number,
  tokenizer: Tokenizer,
): EncodedProblem[] {
  return Array.from({ length: count }, (_, index) => {
    const problem = wordProblem(split, seed, index);
    const question = { role: "user", content: problemText(problem) } as const;
    const answer = { role: "assistant", content: solutionText(problem) } as const;
    return {
      tokens: encodeConversation([question, answer], tokenizer).tokens,
      promptLength: encodePrompt([question], tokenizer).length,
      gold: problem.answer,
    };
  });
}
