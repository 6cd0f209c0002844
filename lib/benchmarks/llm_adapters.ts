/**
 * Multiple choice as LLM-Adapters (Hu et al., 2023) publishes it: question and options in one instruction, parsed back.
 *
 * "Please choose the correct answer to the question: QUESTION⏎⏎Answer1: … Answer2: …⏎⏎Answer format: answer1/answer2"
 * @module
 */
import { z } from "zod";

/** What an instruction says. */
export interface AdapterQuestion {
  readonly question: string;
  /** Trimmed: the template does not say which spaces were the option's own. Empty where the answer is true or false. */
  readonly options: readonly string[];
  /** Index among the options; 0 is false and 1 true where there are none. */
  readonly gold: number;
}

const INSTRUCTION =
  /^(?:Please choose the correct (?:answer|solution) to (?:the question|fill in the blank to complete the given sentence)|Please answer the following question with true or false, question): (.*)Answer format: ([a-z0-9/]+)$/s;

/** A record of LLM-Adapters, parsed. */
export const adapterRecord = z.object({ instruction: z.string(), answer: z.string() }).transform(
  ({ instruction, answer }, context): AdapterQuestion => {
    const [, body = "", format = ""] = INSTRUCTION.exec(instruction) ?? [];
    const labels = format.split("/");
    const gold = answer === "true" ? 1 : answer === "false" ? 0 : labels.indexOf(answer);
    const parts = format === "true/false" ? [body] : splitOptions(body, labels);
    if (format === "" || gold < 0 || parts === null) {
      context.addIssue({ code: "custom", message: "no instruction of LLM-Adapters" });
      return z.NEVER;
    }
    const [question = "", ...options] = parts.map((part) => part.trim());
    return { question, options, gold };
  },
);

/** What stands before, between and after "Answer1: ", "Answer2: " …; null where one is missing. */
function splitOptions(body: string, labels: readonly string[]): string[] | null {
  const parts: string[] = [];
  let from = 0;
  for (const label of labels) {
    const marker = `${label.slice(0, 1).toUpperCase()}${label.slice(1)}:`;
    const at = body.indexOf(marker, from);
    if (at < 0) return null;
    parts.push(body.slice(from, at));
    from = at + marker.length;
  }
  return [...parts, body.slice(from)];
}
