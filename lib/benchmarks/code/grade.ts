/**
 * Judges a program by running it.
 * @module
 */
import type { Language } from "../sandbox/sandbox.ts";
import type { Sandboxes } from "../sandboxes.ts";
import type { Grade } from "../task.ts";

/** Seconds of a program and its tests: Pyodide takes about 13 for MBPP's slowest solution (number 123), CPython 3.4. */
const TIME_LIMIT = 30;

/** Right is a program that ends without an error: its tests are in it. */
export async function gradeProgram(
  program: string,
  language: Language,
  sandboxes: Sandboxes,
): Promise<Grade> {
  const { status } = await (await sandboxes.of(language)).run(program, { timeLimit: TIME_LIMIT });
  return status === "passed"
    ? { correct: true, extracted: program }
    : { correct: false, extracted: program, reason: status };
}
