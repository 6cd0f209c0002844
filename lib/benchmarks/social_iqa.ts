/**
 * Social IQa (Sap et al., 2019): what people feel, want and do next.
 * @module
 */
import { z } from "zod";
import { adapterRecord } from "./llm_adapters.ts";
import { idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const layouts = z.union([
  z.object({
    context: z.string(),
    question: z.string(),
    answerA: z.string(),
    answerB: z.string(),
    answerC: z.string(),
    label: z.literal(["1", "2", "3"]),
  }).transform(({ context, question, answerA, answerB, answerC, label }) => ({
    question: `${context} ${question}`,
    options: [answerA, answerB, answerC],
    gold: Number(label) - 1,
  })),
  adapterRecord,
]);

/** Social IQa. */
export const SOCIAL_IQA: ChoiceTask = {
  kind: "multiple choice",
  name: "social_iqa",
  version: 0,
  files: {
    folders: ["social_i_qa", "social_iqa", "siqa"],
    test: /(^|\/)(validation|dev)[-.][^/]*(jsonl?|parquet)$|^test\.json$/,
    examples: /(^|\/)train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { question, options, gold } = parseRecord(record, layouts);
    return { id: idOf(record), contexts: [`Q: ${question}\nA:`], choices: options, gold, question, options };
  },
};
