/**
 * TriviaQA (Joshi et al., 2017), without its evidence: quiz questions, answered from memory.
 * @module
 */
import { z } from "zod";
import { parseRecord } from "./records.ts";
import { gradeShortAnswer } from "./short_answer.ts";
import { type GenerationTask, GREEDY } from "./task.ts";

const strings = z.array(z.string()).min(1);
const layouts = z.union([
  // The hub's.
  z.object({
    question: z.string(),
    question_id: z.string(),
    answer: z.object({ aliases: strings, value: z.string() }),
  })
    .transform(({ question, question_id, answer }) => ({ id: question_id, question, ...answer })),
  // The authors'.
  z.object({
    Question: z.string(),
    QuestionId: z.string(),
    Answer: z.object({ Aliases: strings, Value: z.string() }),
  })
    .transform(({ Question, QuestionId, Answer }) => ({
      id: QuestionId,
      question: Question,
      aliases: Answer.Aliases,
      value: Answer.Value,
    })),
]);

/** TriviaQA. */
export const TRIVIAQA: GenerationTask = {
  kind: "generation",
  name: "triviaqa",
  version: 3,
  metric: "exact_match",
  files: {
    folders: ["triviaqa", "trivia_qa", "TriviaQA", "triviaqa-unfiltered"],
    test: /(^|[/-])(dev|validation)[-.][^/]*(jsonl?|parquet)$/,
    examples: /(^|[/-])train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  completion: { ...GREEDY, stop: ["\n", ".", ","], maxNewTokens: 32 },
  chat: { ...GREEDY, stop: [], maxNewTokens: 512, system: "Answer with a name, a date or a few words only." },
  item(record) {
    const { id, question, aliases, value } = parseRecord(record, layouts);
    return {
      id,
      // lm-eval's second question mark.
      prompt: `Question: ${question}?\nAnswer:`,
      target: ` ${value}`,
      question,
      gold: aliases.join(" | "),
      grade: (text) => Promise.resolve(gradeShortAnswer(text, [value, ...aliases])),
    };
  },
};
