/**
 * ARC, easy and challenge (Clark et al., 2018): school science questions.
 * @module
 */
import { type BenchmarkRecord, parseRecord } from "./records.ts";
import { labelledQuestion } from "./labelled_question.ts";
import type { ChoiceItem, ChoiceTask } from "./task.ts";

function item(record: BenchmarkRecord): ChoiceItem {
  const { id, question, options, gold } = parseRecord(record, labelledQuestion(record));
  return { id, contexts: [`Question: ${question}\nAnswer:`], choices: options, gold, question, options };
}

function arc(name: string, folders: readonly string[]): ChoiceTask {
  return {
    kind: "multiple choice",
    name,
    version: 1,
    files: {
      folders,
      test: /(^|[/-])test[-.][^/]*(jsonl?|parquet)$/i,
      examples: /(^|[/-])train[-.][^/]*(jsonl?|parquet)$/i,
    },
    shots: 0,
    item,
  };
}

/** ARC-Easy. */
export const ARC_EASY: ChoiceTask = arc("arc_easy", ["arc-easy", "arc_easy", "ARC-Easy"]);

/** ARC-Challenge. */
export const ARC_CHALLENGE: ChoiceTask = arc("arc_challenge", [
  "arc-challenge",
  "arc_challenge",
  "ARC-Challenge",
]);
