/**
 * BoolQ (Clark et al., 2019): yes or no, by a passage.
 * @module
 */
import { z } from "zod";
import { adapterRecord } from "./llm_adapters.ts";
import { idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const layouts = z.union([
  // The authors' and the hub's.
  z.object({ question: z.string(), passage: z.string(), answer: z.boolean() }).transform((record) => ({
    ...record,
    gold: record.answer ? 1 : 0,
  })),
  // SuperGLUE's.
  z.object({ question: z.string(), passage: z.string(), label: z.union([z.literal([0, 1]), z.boolean()]) })
    .transform((record) => ({ ...record, gold: Number(record.label) })),
  // LLM-Adapters' is without passages: a harder question, whose scores do not compare with others.
  adapterRecord.transform(({ question, gold }) => ({
    question: question.replace(/\?$/, ""),
    passage: "",
    gold,
  })),
]);

const OPTIONS = ["no", "yes"];

/** BoolQ. */
export const BOOLQ: ChoiceTask = {
  kind: "multiple choice",
  name: "boolq",
  version: 2,
  files: {
    folders: ["boolq", "BoolQ"],
    test: /(^|\/)(validation|dev|val)[-.][^/]*(jsonl?|parquet)$|^test\.json$/,
    examples: /(^|\/)train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { question, passage, gold } = parseRecord(record, layouts);
    const before = passage === "" ? "" : `${passage}\n`;
    return {
      id: idOf(record),
      contexts: [`${before}Question: ${question}?\nAnswer:`],
      choices: OPTIONS,
      gold,
      question: `${before}${question}?`,
      options: OPTIONS,
    };
  },
};
