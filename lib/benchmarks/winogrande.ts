/**
 * WinoGrande (Sakaguchi et al., 2020): whom or what a sentence means.
 *
 * Scored in part (Trinh and Le, 2018), as lm-eval does: each option takes the place of the blank, and what counts is how likely the rest
 * of the sentence is then. Both continuations are the same text, so a normalisation by its length changes nothing.
 * @module
 */
import { z } from "zod";
import { adapterRecord } from "./llm_adapters.ts";
import { idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const layouts = z.union([
  z.object({
    sentence: z.string(),
    option1: z.string(),
    option2: z.string(),
    answer: z.literal(["1", "2"]),
  }).transform(({ sentence, option1, option2, answer }) => ({
    question: sentence,
    options: [option1, option2],
    gold: Number(answer) - 1,
  })),
  adapterRecord,
]).refine(({ question }) => question.includes("_"), "the sentence has no blank (_)");

/** WinoGrande. */
export const WINOGRANDE: ChoiceTask = {
  kind: "multiple choice",
  name: "winogrande",
  version: 1,
  files: {
    folders: ["winogrande", "WinoGrande"],
    test: /(^|\/)(validation|dev)[-.][^/]*(jsonl?|parquet)$|^test\.json$/,
    examples: /(^|\/)train(_[a-z]+)?[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { question, options, gold } = parseRecord(record, layouts);
    const blank = question.indexOf("_");
    const rest = question.slice(blank + 1).trim();
    return {
      id: idOf(record),
      contexts: options.map((option) => question.slice(0, blank) + option),
      choices: options.map(() => rest),
      gold,
      question: `Fill in the blank (_): ${question}`,
      options,
    };
  },
};
