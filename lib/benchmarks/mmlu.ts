/**
 * MMLU (Hendrycks et al., 2021): 57 subjects; the choices are the letters.
 * @module
 */
import { basename } from "node:path";
import { z } from "zod";
import { LETTERS } from "./letters.ts";
import { type BenchmarkRecord, idOf, parseRecord } from "./records.ts";
import type { ChoiceTask } from "./task.ts";

const four = z.array(z.string()).length(4);
const layouts = z.union([
  z.object({ question: z.string(), choices: four, answer: z.int().min(0).max(3), subject: z.string() }),
  // A file a subject, of cells: the question, four choices, and the answer's letter or index.
  z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string().regex(/^[A-D0-3]$/)])
    .transform(([question, a, b, c, d, answer]) => ({
      question,
      choices: [a, b, c, d],
      answer: /\d/.test(answer) ? Number(answer) : LETTERS.indexOf(answer),
      subject: undefined,
    })),
]);

/** "high_school_physics_test.csv" → "high_school_physics". */
function subjectOf({ path }: BenchmarkRecord): string {
  return basename(path).replace(/_(test|dev|val)\.csv$/, "");
}

/** MMLU. */
export const MMLU: ChoiceTask = {
  kind: "multiple choice",
  name: "mmlu",
  version: 2,
  files: {
    folders: ["mmlu", "MMLU"],
    test: /(^|\/)test\/[^/]+_test\.csv$|(^|\/)test-[^/]*parquet$/,
    examples: /(^|\/)dev\/[^/]+_dev\.csv$|(^|\/)dev-[^/]*parquet$/,
  },
  shots: 5,
  preamble: ({ group = "" }) =>
    `The following are multiple choice questions (with answers) about ${group.replaceAll("_", " ")}.\n\n`,
  item(record) {
    const { question, choices, answer, subject = subjectOf(record) } = parseRecord(record, layouts);
    const stem = question.trim();
    const options = choices.map((choice, i) => `\n${LETTERS[i]}. ${choice}`).join("");
    return {
      id: `${subject}:${idOf(record)}`,
      group: subject,
      contexts: [`${stem}${options}\nAnswer:`],
      choices: LETTERS.slice(0, choices.length),
      gold: answer,
      question: stem,
      options: choices,
    };
  },
};
