/**
 * Llama 3's chat format:
 * `<|begin_of_text|>`, then for each message `<|start_header_id|>role<|end_header_id|>⏎⏎content<|eot_id|>`.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A conversation as tokens. */
export interface EncodedConversation {
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** 1 where the loss counts: what the assistant says, and the token that ends its turn. As long as `tokens`. */
  readonly assistant: Uint8Array<ArrayBuffer>;
}

/**
 * Encodes a whole conversation. Content is trimmed, as the published template does; special tokens in it stay text.
 *
 * @throws {UsageError} where there are no messages.
 *
 * @example
 * ```ts
 * import { encodeConversation } from "./chat.ts";
 * import { openTokenizer } from "./tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-4096");
 * const { tokens, assistant } = encodeConversation([
 *   { role: "user", content: "2 + 2?" },
 *   { role: "assistant", content: "4" },
 * ], tokenizer);
 * assert.equal(tokenizer.decode(tokens.filter((_, i) => assistant[i] === 1)), "4<|eot_id|>");
 * ```
 */
export function encodeConversation(messages: readonly Message[], tokenizer: Tokenizer): EncodedConversation {
  if (messages.length === 0) throw new UsageError("A conversation has no messages, expected at least one.");
  const { special } = tokenizer;
  const tokens: number[] = [special.beginOfText];
  const assistant: number[] = [0];
  const add = (ids: Iterable<number>, loss: 0 | 1) => {
    for (const id of ids) {
      tokens.push(id);
      assistant.push(loss);
    }
  };
  for (const { role, content } of messages) {
    add(header(role, tokenizer), 0);
    const loss = role === "assistant" ? 1 : 0;
    add(tokenizer.encode(content.trim()), loss);
    add([special.endOfTurn], loss);
  }
  return { tokens: Uint32Array.from(tokens), assistant: Uint8Array.from(assistant) };
}

/**
 * Encodes what the assistant is to answer: the messages so far, and the header of its turn.
 *
 * @throws {UsageError} where there are no messages.
 */
export function encodePrompt(messages: readonly Message[], tokenizer: Tokenizer): Uint32Array<ArrayBuffer> {
  const { tokens } = encodeConversation(messages, tokenizer);
  return Uint32Array.from([...tokens, ...header("assistant", tokenizer)]);
}

function header(role: Message["role"], tokenizer: Tokenizer): number[] {
  const { startHeader, endHeader } = tokenizer.special;
  return [startHeader, ...tokenizer.encode(role), endHeader, ...tokenizer.encode("\n\n")];
}
