/**
 * GSM8K (Cobbe et al., 2021): grade-school word problems.
 *
 * lm-eval draws examples at random; here they are the first of the training file, which a reader can look up.
 * @module
 */
import { z } from "zod";
import { idOf, parseRecord } from "./records.ts";
import { BOXED_ANSWER, type GenerationTask, GREEDY, REASONING } from "./task.ts";

const layout = z.object({
  question: z.string(),
  answer: z.string().regex(/#### \S/, "no line with the final answer (####)"),
});

/** GSM8K. */
export const GSM8K: GenerationTask = {
  kind: "generation",
  name: "gsm8k",
  version: 3,
  metric: "exact_match",
  files: {
    folders: ["gsm8k", "GSM8K"],
    test: /(^|\/)test[-.][^/]*(jsonl|parquet)$/,
    examples: /(^|\/)train[-.][^/]*(jsonl|parquet)$/,
  },
  shots: 8,
  completion: { ...GREEDY, stop: ["Question:"], maxNewTokens: 256 },
  chat: { ...REASONING, samples: 1, system: BOXED_ANSWER },
  item(record) {
    const { question, answer } = parseRecord(record, layout);
    const gold = answer.slice(answer.lastIndexOf("####") + "####".length).trim();
    return {
      id: idOf(record),
      prompt: `Question: ${question}\nAnswer:`,
      target: ` ${answer}`,
      question,
      gold,
      grade: (text, _, { mathematics }) => mathematics.grade(text, gold),
    };
  },
};
