/**
 * How published sets of conversations lay out their records. A layout is known by its fields, so nobody has to name it.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import type { Conversation, Role } from "../document.ts";
import type { QuestionReference, ReferencedQuestions } from "./referenced_questions.ts";

/** A record of any of them. */
export type ChatRecord = Readonly<Record<string, unknown>>;

/** Turns of a conversation. */
export type Messages = Conversation["messages"];

/** One layout. */
export interface Layout {
  /** The data set that has it. */
  readonly name: string;
  /** Fields that all of its records have; the first layout whose fields are there is the one. */
  readonly fields: readonly string[];
  /**
   * The record's messages; null where it has no answer to learn.
   *
   * @throws {UsageError} saying what was expected, where the record is malformed.
   */
  messages(record: ChatRecord, questions: ReferencedQuestions): Messages | null | Promise<Messages | null>;
}

/** The layouts, those with more particular fields first. */
export const LAYOUTS: readonly Layout[] = [
  { name: "Tulu 3", fields: ["messages"], messages: ({ messages }) => turns(messages) },
  {
    name: "OpenCodeReasoning-2",
    fields: ["question", "r1_generation"],
    // R1's reasoning with its program; the critique by QwQ beside it is another task.
    async messages(record, questions) {
      const given = text(record, "question");
      const question = given === REFERRED ? await questions.find(reference(record)) : given;
      return exchange(question, text(record, "r1_generation"));
    },
  },
  {
    name: "OpenMathReasoning",
    fields: ["problem", "generated_solution"],
    // Chains of thought: those with tools or choosing among solutions need prompts of their own, other problems have no solution.
    messages: (record) =>
      (record["inference_mode"] ?? "cot") === "cot"
        ? exchange(text(record, "problem"), text(record, "generated_solution"))
        : null,
  },
  {
    name: "OpenScienceReasoning-2",
    fields: ["input", "output"],
    messages: (record) => exchange(text(record, "input"), text(record, "output")),
  },
  {
    name: "GSM8K",
    fields: ["question", "answer"],
    // <<48/2=24>> are marks for a calculator, not part of the solution.
    messages: (record) =>
      exchange(text(record, "question"), text(record, "answer").replace(/<<[^<>]*>>/g, "")),
  },
  {
    name: "MATH",
    fields: ["problem", "solution"],
    messages: (record) => exchange(text(record, "problem"), text(record, "solution")),
  },
];

/** What OpenCodeReasoning-2 has for a question that another data set holds. */
const REFERRED = "-";

/** The layout of a record; undefined: none of them. */
export function layoutOf(record: ChatRecord): Layout | undefined {
  return LAYOUTS.find(({ fields }) => fields.every((field) => Object.hasOwn(record, field)));
}

function text(record: ChatRecord, field: string): string {
  const value = record[field];
  if (typeof value === "string") return value;
  throw new UsageError(`expected a text in "${field}".`);
}

function exchange(problem: string, solution: string): Messages | null {
  if (!/\S/.test(problem) || !/\S/.test(solution)) return null;
  return [{ role: "user", content: problem }, { role: "assistant", content: solution }];
}

function turns(value: unknown): Messages | null {
  if (!Array.isArray(value)) throw new UsageError('expected a list in "messages".');
  const messages = value.map((turn: unknown, i) => {
    const { role, content } = (turn ?? {}) as Record<string, unknown>;
    if (!isRole(role) || typeof content !== "string") {
      throw new UsageError(
        `expected a role (system, user or assistant) and a text in message ${i + 1}, it has role ${
          JSON.stringify(role)
        }.`,
      );
    }
    return { role, content };
  });
  return messages.some(({ role, content }) => role === "assistant" && /\S/.test(content)) ? messages : null;
}

function isRole(value: unknown): value is Role {
  return value === "system" || value === "user" || value === "assistant";
}

/** Where OpenCodeReasoning-2 says that a question is. */
function reference(record: ChatRecord): QuestionReference {
  // A text in the published files; numbers of either kind where someone converted them.
  const row = record["index"];
  const digits = typeof row === "object" ? "" : String(row);
  if (!/^[0-9]{1,15}$/.test(digits)) throw new UsageError('expected a row number in "index".');
  return { dataset: text(record, "dataset"), split: text(record, "split"), index: Number(digits) };
}
