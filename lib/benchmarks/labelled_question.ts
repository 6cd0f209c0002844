/**
 * Questions with labelled options, as ARC and OpenBookQA have them, in three layouts: AllenAI's own JSON Lines, the hub's columns, and
 * LLM-Adapters'.
 * @module
 */
import { z } from "zod";
import { type AdapterQuestion, adapterRecord } from "./llm_adapters.ts";
import { type BenchmarkRecord, idOf } from "./records.ts";

/** A question in any of the layouts. */
export interface LabelledQuestion extends AdapterQuestion {
  readonly id: string;
}

const option = z.object({ text: z.string(), label: z.string() });
const columns = z.object({ text: z.array(z.string()).min(2), label: z.array(z.string()) });
/** AllenAI's list of options, or the hub's two columns. */
const choices = z.union([
  columns,
  z.array(option).min(2).transform((options) => ({
    text: options.map(({ text }) => text),
    label: options.map(({ label }) => label),
  })),
]);
const own = { id: z.string(), answerKey: z.string() };
const layouts = z.union([
  z.object({ ...own, question: z.object({ stem: z.string(), choices }) }).transform(
    ({ question: { stem, choices }, ...rest }) => ({ ...rest, question: stem, choices }),
  ),
  z.object({ ...own, question: z.string(), choices }),
  z.object({ ...own, question_stem: z.string(), choices }).transform(({ question_stem, ...rest }) => ({
    ...rest,
    question: question_stem,
  })),
]).transform(({ id, question, choices: { text, label }, answerKey }, context): LabelledQuestion => {
  const gold = label.indexOf(answerKey.trim());
  if (gold < 0) {
    context.addIssue({ code: "custom", message: `answerKey "${answerKey}" is none of ${label.join(", ")}` });
    return z.NEVER;
  }
  return { id, question, options: text, gold };
});

/** The schema of one record. */
export function labelledQuestion(record: BenchmarkRecord) {
  return z.union([
    layouts,
    adapterRecord.transform((question): LabelledQuestion => ({ id: idOf(record), ...question })),
  ]);
}
