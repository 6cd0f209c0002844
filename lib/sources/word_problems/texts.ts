/**
 * Word problems as training data: number facts and told stories to read, and questions with answers to converse about.
 * @module
 */
import { Random } from "../../core/random.ts";
import { problemText, solutionText, wordProblem } from "./problem.ts";
import type { Split } from "./templates.ts";

/** Problems that the documents tell of, or facts that they list. */
const PER_DOCUMENT = 8;

/** The n-th document of stories: problems told with what comes of them, without questions. */
export function storyDocument(split: Split, seed: number, index: number): string {
  return Array.from({ length: PER_DOCUMENT }, (_, i) => {
    const { story, steps } = wordProblem(split, seed, index * PER_DOCUMENT + i);
    return `${story}\n${steps.join("\n")}`;
  }).join("\n\n");
}

/** The n-th document of number facts, such as "7 + 35 = 42", a line each: numbers up to 99. */
export function factsDocument(seed: number, index: number): string {
  const random = Random.of(seed, "number facts", index);
  return Array.from({ length: 3 * PER_DOCUMENT }, (_, i) => fact(random, 4 * i)).join("\n");
}

/** The n-th conversation: a problem and its worked solution. */
export function problemConversation(split: Split, seed: number, index: number) {
  const problem = wordProblem(split, seed, index);
  return [
    { role: "user", content: problemText(problem) },
    { role: "assistant", content: solutionText(problem) },
  ] as const;
}

function fact(random: Random, at: number): string {
  const kind = random.below(at, 4);
  if (kind < 2) {
    // a + b = c, read in either direction.
    const sum = 2 + random.below(at + 1, 98);
    const part = 1 + random.below(at + 2, sum - 1);
    return kind === 0 ? `${part} + ${sum - part} = ${sum}` : `${sum} - ${part} = ${sum - part}`;
  }
  const factor = 2 + random.below(at + 1, 8);
  const other = 1 + random.below(at + 2, Math.floor(99 / factor));
  return kind === 2 ? `${other} * ${factor} = ${other * factor}` : `${other * factor} / ${factor} = ${other}`;
}
