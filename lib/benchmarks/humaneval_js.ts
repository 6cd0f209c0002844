/**
 * HumanEval in JavaScript (MultiPL-E; Cassano et al., 2023). Its file has no solutions.
 * @module
 */
import { gradeProgram } from "./code/grade.ts";
import { humanEvalJsProblem, humanEvalJsProgram } from "./code/humaneval_js.ts";
import { CODE_ANSWER, type GenerationTask, GREEDY, REASONING } from "./task.ts";

/** HumanEval-JS. */
export const HUMANEVAL_JS: GenerationTask = {
  kind: "generation",
  name: "humaneval_js",
  version: 0,
  metric: "pass@1",
  files: { folders: ["humaneval-js", "humaneval_js"], test: /humaneval-js\.jsonl$|(^|\/)test[-.]/ },
  shots: 0,
  // Every item of the file names these.
  completion: { ...GREEDY, stop: ["\nfunction ", "\n/*", "\n//", "\nconsole.log"], maxNewTokens: 512 },
  chat: { ...REASONING, samples: 1, system: CODE_ANSWER },
  item(record) {
    const problem = humanEvalJsProblem(record);
    const { id, prompt } = problem;
    return {
      id,
      prompt,
      target: null,
      question: `Complete this JavaScript function:\n\n\`\`\`javascript\n${prompt}\n\`\`\``,
      gold: "",
      grade: (answer, style, sandboxes) =>
        gradeProgram(humanEvalJsProgram(problem, answer, style), "javascript", sandboxes),
    };
  },
};
