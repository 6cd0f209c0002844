/**
 * HumanEval (Chen et al., 2021): Python functions to be written from their signature and docstring.
 * @module
 */
import { z } from "zod";
import { type BenchmarkRecord, parseRecord } from "../records.ts";
import type { AnswerStyle } from "../task.ts";
import { codeInAnswer } from "./answer.ts";

/** A function to write. */
export interface HumanEvalProblem {
  /** "HumanEval/0". */
  readonly id: string;
  /** Imports, helpers, signature and docstring: Python that ends where the body goes on. */
  readonly prompt: string;
  /** The function's name. */
  readonly entryPoint: string;
  /** A body that is right. */
  readonly solution: string;
  /** Defines `check(candidate)`. */
  readonly test: string;
}

const layout = z.object({
  task_id: z.string(),
  prompt: z.string(),
  entry_point: z.string(),
  canonical_solution: z.string(),
  test: z.string(),
});

/** @throws {UsageError} naming file, line and field where the record is not in the published layout. */
export function humanEvalProblem(record: BenchmarkRecord): HumanEvalProblem {
  const fields = parseRecord(record, layout);
  return {
    id: fields.task_id,
    prompt: fields.prompt,
    entryPoint: fields.entry_point,
    solution: fields.canonical_solution,
    test: fields.test,
  };
}

/**
 * The program that tests an answer.
 *
 * A completion is the body. A chat answer holds the whole function: it follows the prompt, whose own function is complete with its
 * docstring, so that the prompt's imports and helpers are there.
 */
export function humanEvalProgram(problem: HumanEvalProblem, answer: string, style: AnswerStyle): string {
  const { prompt, test, entryPoint } = problem;
  const solution = style === "chat" ? `${prompt}\n\n${codeInAnswer(answer)}` : prompt + answer;
  return `${solution}\n${test}\ncheck(${entryPoint})\n`;
}
