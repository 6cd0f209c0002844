/**
 * OpenBookQA (Mihaylov et al., 2018): elementary science, without the open book.
 * @module
 */
import { labelledQuestion } from "./labelled_question.ts";
import { parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

/** OpenBookQA. lm-eval's prompt is the bare question. */
export const OPENBOOKQA: ChoiceTask = {
  kind: "multiple choice",
  name: "openbookqa",
  version: 1,
  files: {
    folders: ["openbookqa", "OpenBookQA"],
    test: /(^|\/)test[-.][^/]*(jsonl?|parquet)$/,
    examples: /(^|\/)train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { id, question, options, gold } = parseRecord(record, labelledQuestion(record));
    return { id, contexts: [question], choices: options, gold, question, options };
  },
};
