/**
 * PIQA (Bisk et al., 2020): which of two ways reaches a goal.
 * @module
 */
import { z } from "zod";
import { adapterRecord } from "./llm_adapters.ts";
import { idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const layouts = z.union([
  z.object({ goal: z.string(), sol1: z.string(), sol2: z.string(), label: z.literal([0, 1]) })
    .transform(({ goal, sol1, sol2, label }) => ({ question: goal, options: [sol1, sol2], gold: label })),
  adapterRecord,
]);

/** PIQA. */
export const PIQA: ChoiceTask = {
  kind: "multiple choice",
  name: "piqa",
  version: 1,
  files: {
    folders: ["piqa", "PIQA"],
    test: /(^|\/)(validation|valid)[-.][^/]*(jsonl?|parquet)$|^test\.json$/,
    examples: /(^|\/)train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { question, options, gold } = parseRecord(record, layouts);
    return {
      id: idOf(record),
      contexts: [`Question: ${question}\nAnswer:`],
      choices: options,
      gold,
      question,
      options,
    };
  },
};
