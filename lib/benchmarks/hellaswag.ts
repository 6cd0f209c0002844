/**
 * HellaSwag (Zellers et al., 2019): how a described scene goes on.
 * @module
 */
import { z } from "zod";
import { adapterRecord } from "./llm_adapters.ts";
import { idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const layouts = z.union([
  z.object({
    activity_label: z.string(),
    ctx_a: z.string(),
    ctx_b: z.string(),
    endings: z.array(z.string()).min(2),
    // The hub has strings, the authors' file numbers; the test split has "".
    label: z.union([z.number(), z.string().regex(/^[0-9]+$/)]).transform(Number),
  }).transform(({ activity_label, ctx_a, ctx_b, endings, label }) => ({
    question: cleaned(`${activity_label}: ${ctx_a} ${capitalised(ctx_b)}`),
    options: endings.map(cleaned),
    gold: label,
  })),
  adapterRecord,
]).refine(({ options, gold }) => gold < options.length, "the label is no ending");

/** As Python's str.capitalize: the first letter upper, all others lower case. */
function capitalised(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** lm-eval's preprocessing: WikiHow's brackets go, and what they leave. */
function cleaned(text: string): string {
  return text.trim().replaceAll(" [title]", ". ").replace(/\[.*?\]/g, "").replaceAll("  ", " ");
}

/** HellaSwag. */
export const HELLASWAG: ChoiceTask = {
  kind: "multiple choice",
  name: "hellaswag",
  version: 1,
  files: {
    folders: ["hellaswag", "HellaSwag"],
    test: /(^|[/_])(validation|val)[-.][^/]*(jsonl?|parquet)$|^test\.json$/,
    examples: /(^|[/_])train[-.][^/]*(jsonl?|parquet)$/,
  },
  shots: 0,
  item(record) {
    const { question, options, gold } = parseRecord(record, layouts);
    return { id: idOf(record), contexts: [question], choices: options, gold, question, options };
  },
};
