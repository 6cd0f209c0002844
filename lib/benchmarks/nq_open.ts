/**
 * NQ-open (Lee et al., 2019): questions that people asked a search engine, answered from memory.
 * @module
 */
import { z } from "zod";
import { GREEDY } from "./task.ts";
import type { GenerationTask } from "./task.ts";
import { idOf, parseRecord } from "./records.ts";
import { gradeShortAnswer } from "./short_answer.ts";

const layout = z.object({ question: z.string(), answer: z.array(z.string()).min(1) });

/** NQ-open. */
export const NQ_OPEN: GenerationTask = {
  kind: "generation",
  name: "nq_open",
  version: 4,
  metric: "exact_match",
  files: {
    folders: ["nq_open", "nq-open", "NQ-open"],
    test: /(^|[/.-])(dev|validation)[-.][^/]*(jsonl|parquet)$/,
    examples: /(^|[/.-])train[-.][^/]*(jsonl|parquet)$/,
  },
  shots: 0,
  preamble: () => "Answer these questions:\n\n",
  separator: "\n",
  completion: { ...GREEDY, stop: ["\n", ".", ","], maxNewTokens: 32 },
  chat: { ...GREEDY, stop: [], maxNewTokens: 512, system: "Answer with a name, a date or a few words only." },
  item(record) {
    const { question, answer } = parseRecord(record, layout);
    return {
      id: idOf(record),
      prompt: `Q: ${question}?\nA:`,
      target: ` ${answer[0]}`,
      question: `${question}?`,
      gold: answer.join(" | "),
      grade: (text) => Promise.resolve(gradeShortAnswer(text, answer)),
    };
  },
};
