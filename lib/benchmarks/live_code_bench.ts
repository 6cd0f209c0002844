/**
 * LiveCodeBench (Jain et al., 2024), code generation, release 6: contest problems by date. The mean of 16 answers counts, as in the
 * paper.
 * @module
 */
import { liveCodeBenchProblem, passesLiveCodeBench } from "./code/live_code_bench.ts";
import { CODE_ANSWER, type GenerationTask, REASONING } from "./task.ts";

const SAMPLES = 16;

/** LiveCodeBench v6: every test*.jsonl of the hub's code_generation_lite. */
export const LIVE_CODE_BENCH: GenerationTask = {
  kind: "generation",
  name: "livecodebench_v6",
  version: 0,
  metric: "pass@1",
  files: {
    folders: ["livecodebench", "live_code_bench", "code_generation_lite"],
    test: /(^|\/)test[0-9]*\.jsonl$/,
  },
  shots: 0,
  completion: { ...REASONING, stop: ["### Question"], samples: SAMPLES },
  chat: { ...REASONING, samples: SAMPLES, system: CODE_ANSWER },
  item(record) {
    const problem = liveCodeBenchProblem(record);
    const { id, question, starterCode } = problem;
    const form = starterCode === ""
      ? "Write a Python program that reads standard input and prints the answer."
      : `Write it in Python, going on with this code:\n\n\`\`\`python\n${starterCode}\n\`\`\``;
    return {
      id,
      prompt: `### Question\n${question}\n\n${form}\n\n### Answer\n`,
      target: null,
      question: `${question}\n\n${form}`,
      gold: "",
      grade: async (answer, style, sandboxes) => ({
        correct: await passesLiveCodeBench(problem, answer, style, await sandboxes.of("python")),
        extracted: null,
      }),
    };
  },
};
