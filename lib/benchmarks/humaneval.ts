/**
 * HumanEval (Chen et al., 2021): Python functions from their docstrings.
 * @module
 */
import { gradeProgram } from "./code/grade.ts";
import { humanEvalProblem, humanEvalProgram } from "./code/humaneval.ts";
import { CODE_ANSWER, type GenerationTask, GREEDY, REASONING } from "./task.ts";

/** HumanEval. */
export const HUMANEVAL: GenerationTask = {
  kind: "generation",
  name: "humaneval",
  version: 1,
  metric: "pass@1",
  files: {
    folders: ["humaneval", "HumanEval", "openai_humaneval"],
    test: /HumanEval\.jsonl(\.gz)?$|(^|\/)test[-.]/,
  },
  shots: 0,
  completion: { ...GREEDY, stop: ["\nclass", "\ndef", "\n#", "\nif", "\nprint"], maxNewTokens: 512 },
  chat: { ...REASONING, samples: 1, system: CODE_ANSWER },
  item(record) {
    const problem = humanEvalProblem(record);
    const { id, prompt, solution } = problem;
    return {
      id,
      prompt,
      target: solution,
      question: `Complete this Python function:\n\n\`\`\`python\n${prompt}\n\`\`\``,
      gold: solution,
      grade: (answer, style, sandboxes) =>
        gradeProgram(humanEvalProgram(problem, answer, style), "python", sandboxes),
    };
  },
};
