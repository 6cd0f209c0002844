/**
 * AIME, 2024 and 2025: competition problems whose answers are whole numbers from 0 to 999. Thirty problems say little from one answer
 * each: the mean of 64 counts, as in the paper.
 * @module
 */
import { z } from "zod";
import { idOf, parseRecord } from "./records.ts";
import { BOXED_ANSWER, type GenerationTask, REASONING } from "./task.ts";

const answer = z.union([z.string(), z.number()]).transform(String);
const layouts = z.union([
  z.object({ problem: z.string(), answer }),
  z.object({ question: z.string(), answer }).transform((record) => ({ ...record, problem: record.question })),
  z.object({ Problem: z.string(), Answer: answer }).transform((record) => ({
    problem: record.Problem,
    answer: record.Answer,
  })),
]);

const SAMPLES = 64;

function aime(name: string, folders: readonly string[]): GenerationTask {
  return {
    kind: "generation",
    name,
    version: 0,
    metric: "exact_match",
    files: { folders, test: /(jsonl|parquet)$/ },
    shots: 0,
    completion: { ...REASONING, stop: ["Question:"], samples: SAMPLES },
    chat: { ...REASONING, samples: SAMPLES, system: BOXED_ANSWER },
    item(record) {
      const { problem, answer } = parseRecord(record, layouts);
      return {
        id: idOf(record),
        prompt: `Question: ${problem}\nAnswer:`,
        target: null,
        question: problem,
        gold: answer,
        grade: (text, _, { mathematics }) => mathematics.grade(text, answer),
      };
    },
  };
}

/** AIME 2024. */
export const AIME24: GenerationTask = aime("aime24", ["aime24", "aime_2024", "aime2024", "AIME_2024"]);

/** AIME 2025. */
export const AIME25: GenerationTask = aime("aime25", ["aime25", "aime_2025", "aime2025", "AIME2025"]);
