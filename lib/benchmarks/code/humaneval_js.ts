/**
 * HumanEval in JavaScript, as MultiPL-E translated it (Cassano et al., 2022).
 * @module
 */
import { z } from "zod";
import { type BenchmarkRecord, parseRecord } from "../records.ts";
import type { AnswerStyle } from "../task.ts";
import { codeInAnswer } from "./answer.ts";

/** A function to write. */
export interface HumanEvalJsProblem {
  /** "HumanEval_23_strlen". */
  readonly id: string;
  /** Comments and the first line of the function, which the completion closes. */
  readonly prompt: string;
  /** A script that throws where the function is wrong. */
  readonly test: string;
  /** Texts that end a completion. */
  readonly stop: readonly string[];
}

// Some copies have the tests under "test" too.
const layout = z.object({
  name: z.string(),
  prompt: z.string(),
  tests: z.string(),
  stop_tokens: z.array(z.string()),
});

/** @throws {UsageError} naming file, line and field where the record is not in the published layout. */
export function humanEvalJsProblem(record: BenchmarkRecord): HumanEvalJsProblem {
  const { name, prompt, tests, stop_tokens } = parseRecord(record, layout);
  return { id: name, prompt, test: tests, stop: stop_tokens };
}

/** The program that tests an answer: a completion goes on after the prompt, a chat answer holds the whole function. */
export function humanEvalJsProgram(
  { prompt, test }: HumanEvalJsProblem,
  answer: string,
  style: AnswerStyle,
): string {
  return `${style === "chat" ? codeInAnswer(answer) : prompt + answer}\n${test}\n`;
}
