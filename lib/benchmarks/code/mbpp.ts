/**
 * MBPP (Austin et al., 2021): small Python functions from one sentence and three assertions.
 * @module
 */
import { z } from "zod";
import { type BenchmarkRecord, parseRecord } from "../records.ts";
import type { AnswerStyle } from "../task.ts";
import { codeInAnswer } from "./answer.ts";

/** A function to write. */
export interface MbppProblem {
  readonly id: number;
  /** "Write a function to …" */
  readonly text: string;
  /** A program that is right. */
  readonly solution: string;
  /** Statements between the program and its tests. */
  readonly setup: string;
  /** Assertions, one statement each. */
  readonly tests: readonly string[];
}

/** Each published file names text and tests in its own way: the full one, the sanitised one, and a copy of the test split alone. */
const layout = z.intersection(
  z.object({ task_id: z.number(), code: z.string() }),
  z.union([
    z.object({ text: z.string(), test_setup_code: z.string(), test_list: z.array(z.string()) })
      .transform(({ text, test_setup_code: setup, test_list: tests }) => ({ text, setup, tests })),
    z.object({ prompt: z.string(), test_imports: z.array(z.string()), test_list: z.array(z.string()) })
      .transform(({ prompt: text, test_imports, test_list: tests }) => ({
        text,
        setup: test_imports.join("\n"),
        tests,
      })),
    z.object({ prompt: z.string(), test: z.array(z.string()) })
      .transform(({ prompt: text, test: tests }) => ({ text, setup: "", tests })),
  ]),
);

/** @throws {UsageError} naming file, line and field where the record is in no published layout. */
export function mbppProblem(record: BenchmarkRecord): MbppProblem {
  const { task_id: id, code: solution, text, setup, tests } = parseRecord(record, layout);
  return { id, text, solution, setup, tests };
}

/** The program that tests an answer: its code, then the setup, then the assertions. */
export function mbppProgram({ setup, tests }: MbppProblem, answer: string, style: AnswerStyle): string {
  return [style === "chat" ? codeInAnswer(answer) : answer, setup, ...tests].join("\n") + "\n";
}
