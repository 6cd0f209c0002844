/**
 * Code in a model's answer.
 * @module
 */

/**
 * The last fenced block of a chat answer (reasoning comes before the result), or all of it where there is none.
 * A block that the end of the answer cuts off counts.
 *
 * @example
 * ```ts
 * import { codeInAnswer } from "./answer.ts";
 * const answer = "So:\n~~~python\nx = 1\n~~~\nThat is all.";
 * if (codeInAnswer(answer) !== "x = 1\n") throw new Error();
 * ```
 */
export function codeInAnswer(answer: string): string {
  const block = /^[ \t]*(`{3,}|~{3,})[^\n`]*\n([^]*?)(?:^[ \t]*\1[ \t]*$|$(?![^]))/gm;
  return [...answer.matchAll(block)].at(-1)?.[2] ?? answer;
}
