/**
 * One question to an assistant, without a template engine: what a chat template writes around a user's message.
 * @module
 */
import type { ChatTokenizer } from "../../tokenizer/chat.ts";
import type { ChatTemplate } from "../../tokenizer/template.ts";

/** Text around the message, special tokens by their names; the assistant's answer follows. */
export interface ChatFrame {
  readonly before: string;
  readonly after: string;
}

/** Stands for the message while a frame is made: a private character, which no template writes. */
const MESSAGE = "\ue000";

/** @throws {UsageError} where the template does not render a single message of a user. */
export function chatFrame(template: ChatTemplate, { templateTokens }: ChatTokenizer): ChatFrame {
  const text = template.render([{ role: "user", content: MESSAGE }], templateTokens, true);
  const [before = "", after = ""] = text.split(MESSAGE);
  return { before, after };
}

/**
 * The same ids as `encodePrompt` of that message alone, for templates that trim messages, as Llama 3's does.
 *
 * @example
 * ```ts
 * import { encodeQuestion } from "./chat_frame.ts";
 * import { openTokenizer } from "../../tokenizer/tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-512");
 * const ids = encodeQuestion("Why?", { before: "<|begin_of_text|>Q: ", after: "<|eot_id|>" }, tokenizer);
 * assert.equal(tokenizer.decode(ids), "<|begin_of_text|>Q: Why?<|eot_id|>");
 * ```
 */
export function encodeQuestion(
  question: string,
  { before, after }: ChatFrame,
  tokenizer: ChatTokenizer,
): Uint32Array {
  const names = [...tokenizer.specialTokens.keys()].map(RegExp.escape);
  // Splitting by a captured pattern keeps the names, at odd places.
  const pattern = new RegExp(`(${names.join("|")})`);
  const opening = before.split(pattern), closing = after.split(pattern);
  // Special tokens in the question stay text: it is never split. The text beside it is encoded with it, as in the template.
  const message = (opening.pop() ?? "") + question.trim() + (closing.shift() ?? "");
  const parts = [...opening, message, ...closing];
  return Uint32Array.from(
    parts.flatMap((part, i) =>
      i % 2 === 1 ? [tokenizer.specialTokens.get(part) ?? NaN] : [...tokenizer.encode(part)]
    ),
  );
}
