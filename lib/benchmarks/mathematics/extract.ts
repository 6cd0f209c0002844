/**
 * The final answer inside a written solution.
 * @module
 */

/** Words that a bare answer such as "12 square units" may have; more, and the text is taken for prose. */
const MOST_WORDS_OF_AN_ANSWER = 4;

/** A line with one of these is a sentence, not a bare answer. */
const VERB = /\b(?:is|are|equals?|has|have|had|gets?|costs?|takes?|needs?|makes?|earns?|pays?)\b/i;

/** Longer answers are none: patterns and parser take more than linear time on odd texts. */
export const MOST_CHARACTERS = 2000;

/**
 * What is inside the last `\boxed{…}` or `\fbox{…}`, braces matched; `\boxed 5` holds one token. Null: there is none that closes.
 *
 * @example
 * ```ts
 * import { boxed } from "./extract.ts";
 * import assert from "node:assert/strict";
 * assert.equal(boxed(String.raw`so $\boxed{1}$, no: $\boxed{\frac{1}{2}}$.`), String.raw`\frac{1}{2}`);
 * ```
 */
export function boxed(text: string): string | null {
  for (const match of [...text.matchAll(/\\(?:boxed|fbox)\s*/g)].reverse()) {
    const start = match.index + match[0].length;
    const argument = argumentIn(text.slice(start, start + MOST_CHARACTERS));
    if (argument !== null) return argument;
  }
  return null;
}

/** A TeX argument at the start of a text: a group without its braces, or a single token. Null where a group does not close. */
function argumentIn(text: string): string | null {
  if (text[0] !== "{") return /^(?:\\[a-zA-Z]+|[^\s{}$]+)/.exec(text)?.[0] ?? null;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return text.slice(1, i).trim();
  }
  return null;
}

/** The last number of a text, without thousands separators: "-1234.5", "3/4" or "40"; null: there is none. */
export function lastNumber(text: string): string | null {
  const numbers = text.match(/(?<![\w.])-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:\/\d+)?/g);
  return numbers?.at(-1)?.replaceAll(/[,$]/g, "") ?? null;
}

/**
 * The answer of a solution, by the first rule that applies:
 * 1. the last `\boxed{…}`;
 * 2. the rest of the line after the last "####" (GSM8K's mark);
 * 3. what follows the last "answer is" or "answer:", to the end of its sentence;
 * 4. the whole text, where it is one line of at most four words beside its mathematics, none of them a verb;
 * 5. the last number.
 *
 * Null where none applies.
 */
export function extractAnswer(text: string): string | null {
  const inBox = boxed(text);
  if (inBox !== null) return inBox;
  const marked = text.lastIndexOf("####");
  if (marked >= 0) return text.slice(marked + 4).trim().split("\n")[0]?.trim() || null;
  const stated = [...text.matchAll(/\banswer(?: is|:)\s*:?\s*([^\n]+)/gi)].at(-1)?.[1];
  if (stated !== undefined) return stated.replace(/\.(?:\s.*)?$/, "").trim() || null;
  const line = text.trim();
  const bare = line !== "" && !line.includes("\n") && !VERB.test(line) &&
    wordsBesideMathematics(line) <= MOST_WORDS_OF_AN_ANSWER;
  return bare ? line : lastNumber(text);
}

function wordsBesideMathematics(line: string): number {
  return line.replaceAll(/\\[a-zA-Z]+/g, " ").match(/[A-Za-z]{2,}/g)?.length ?? 0;
}
