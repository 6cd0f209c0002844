/**
 * MATH-500 (Hendrycks et al., 2021; the split of Lightman et al., 2023): competition problems.
 *
 * As a completion in Minerva's form (Lewkowycz et al., 2022, appendix D), which is lm-eval's `minerva_math500`. Minerva's four examples
 * are fixed; here they are the first of a training file, such as MATH's problems that are not among the 500.
 * @module
 */
import { z } from "zod";
import { boxed } from "./mathematics/extract.ts";
import { idOf, parseRecord } from "./records.ts";
import { BOXED_ANSWER, type GenerationTask, GREEDY, REASONING } from "./task.ts";

const layout = z.object({
  problem: z.string(),
  solution: z.string(),
  answer: z.string().optional(),
  unique_id: z.string().optional(),
}).transform(({ answer, ...record }, context) => {
  const gold = answer ?? boxed(record.solution);
  if (gold === null) {
    context.addIssue({ code: "custom", message: "neither an answer nor a \\boxed one in the solution" });
    return z.NEVER;
  }
  return { ...record, gold };
});

/** The last one: solutions may speak of a final answer before. */
const FINAL = /^.*final answer is\s*(.*?)\.?\s*I hope it is correct/s;

/** What Minerva's form says at its end, as a boxed answer; else the text as it is. */
function finalAnswer(text: string): string {
  const said = FINAL.exec(text)?.[1];
  return said === undefined ? text : `\\boxed{${said.replace(/^\$|\$$/g, "")}}`;
}

/** MATH-500. */
export const MATH500: GenerationTask = {
  kind: "generation",
  name: "minerva_math500",
  version: 2,
  metric: "exact_match",
  files: {
    folders: ["math500", "MATH-500", "minerva_math500"],
    test: /(^|\/)test[-.][^/]*(jsonl|parquet)$/,
    examples: /(^|\/)train[-.][^/]*(jsonl|parquet)$/,
    exampleFolders: ["math500", "math-train", "math", "MATH"],
  },
  shots: 4,
  completion: { ...GREEDY, stop: ["Problem:"], maxNewTokens: 1024 },
  chat: { ...REASONING, samples: 1, system: BOXED_ANSWER },
  item(record) {
    const { problem, solution, gold, unique_id } = parseRecord(record, layout);
    return {
      id: unique_id ?? idOf(record),
      prompt: `Problem:\n${problem}\n\nSolution:`,
      target: ` ${solution}\nFinal Answer: The final answer is $${gold}$. I hope it is correct.`,
      question: problem,
      gold,
      grade: (text, style, { mathematics }) =>
        mathematics.grade(style === "completion" ? finalAnswer(text) : text, gold),
    };
  },
};
