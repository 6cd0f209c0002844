/**
 * MBPP (Austin et al., 2021): short Python programs by a sentence and three tests. The test split is the tasks 11 to 510; lm-eval's three
 * examples are the tasks 2, 3 and 4.
 * @module
 */
import { gradeProgram } from "./code/grade.ts";
import { mbppProblem, mbppProgram } from "./code/mbpp.ts";
import { CODE_ANSWER, type GenerationTask, GREEDY, REASONING } from "./task.ts";

/** MBPP. */
export const MBPP: GenerationTask = {
  kind: "generation",
  name: "mbpp",
  version: 1,
  metric: "pass@1",
  files: {
    folders: ["mbpp", "MBPP"],
    test: /(^|\/)mbpp\.jsonl$|(^|\/)test-[^/]*parquet$/,
    examples: /(^|\/)mbpp\.jsonl$|(^|\/)prompt-[^/]*parquet$/,
    isTest: (id) => Number(id) >= 11 && Number(id) <= 510,
    isExample: (id) => Number(id) >= 2 && Number(id) <= 4,
  },
  shots: 3,
  completion: { ...GREEDY, stop: ["[DONE]"], maxNewTokens: 512 },
  chat: { ...REASONING, samples: 1, system: CODE_ANSWER },
  item(record) {
    const problem = mbppProblem(record);
    const { id, text, tests, solution } = problem;
    const passing = `Your code should pass these tests:\n\n${tests.join("\n")}`;
    return {
      id: String(id),
      prompt: `You are an expert Python programmer, and here is your task: ${text} ${passing}\n[BEGIN]\n`,
      target: `${solution}\n[DONE]`,
      question: `${text} ${passing}`,
      gold: solution,
      grade: (answer, style, sandboxes) =>
        gradeProgram(mbppProgram(problem, answer, style), "python", sandboxes),
    };
  },
};
