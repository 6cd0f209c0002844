/**
 * Conversations as tokens, by a chat template; Llama 3's (data/templates/llama3.jinja) where none is given:
 * `<|begin_of_text|>`, then for each message `<|start_header_id|>role<|end_header_id|>⏎⏎content<|eot_id|>`.
 *
 * Special tokens count where the template writes them. In a message's content they stay text, so that no document can end a turn.
 * @module
 */
import { fileURLToPath } from "node:url";
import { UsageError } from "../core/errors.ts";
import { absentCharacters, ChatTemplate, type Message, type TemplateTokens } from "./template.ts";

export type { Message };

/** What the text of a template is encoded with: one of our tokenizers, or an imported model's. */
export interface ChatTokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  /** Ids of a text, in which special tokens are not recognised. */
  encode(text: string): Uint32Array<ArrayBuffer>;
  /** Ids of the special tokens by their names. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** Names that templates write as variables. */
  readonly templateTokens: TemplateTokens;
}

/** A conversation as tokens. */
export interface EncodedConversation {
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** 1 where the loss counts: what the assistant says, and the token that ends its turn. As long as `tokens`. */
  readonly assistant: Uint8Array<ArrayBuffer>;
}

const LLAMA3_PATH = fileURLToPath(new URL("../../data/templates/llama3.jinja", import.meta.url));

/** Llama 3's chat format. */
export const LLAMA3_TEMPLATE: ChatTemplate = new ChatTemplate(
  Deno.readTextFileSync(LLAMA3_PATH),
  LLAMA3_PATH,
);

/**
 * A chat template: "llama3", or a file such as a model's chat_template.jinja.
 *
 * @throws {UsageError} where the file is missing or no template.
 */
export async function openTemplate(nameOrPath: string): Promise<ChatTemplate> {
  return nameOrPath === "llama3" ? LLAMA3_TEMPLATE : await ChatTemplate.open(nameOrPath);
}

/**
 * Encodes a whole conversation.
 *
 * Prompt and answer are encoded apart, so no token spans both: in training the answer follows exactly the tokens that
 * {@link encodePrompt} gives when the model is asked. (transformers encodes the joined text. The ids differ only where a piece of
 * the tokenizer's pattern would run across, such as two line ends, and there the model would be asked with other tokens than it
 * was trained on.)
 *
 * @throws {UsageError} where there are no messages, or the template does not render them.
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
export function encodeConversation(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  template: ChatTemplate = LLAMA3_TEMPLATE,
): EncodedConversation {
  const text = new TemplateText(tokenizer, messages);
  const tokens: number[] = [], assistant: number[] = [];
  for (const span of template.spans(text.messages, text.variables)) {
    for (const id of text.encode(span.text)) {
      tokens.push(id);
      assistant.push(span.assistant ? 1 : 0);
    }
  }
  return { tokens: Uint32Array.from(tokens), assistant: Uint8Array.from(assistant) };
}

/**
 * Encodes what the assistant is to answer: the messages so far, and the header of its turn.
 *
 * @throws {UsageError} where there are no messages, or the template does not render them.
 */
export function encodePrompt(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  template: ChatTemplate = LLAMA3_TEMPLATE,
): Uint32Array<ArrayBuffer> {
  const text = new TemplateText(tokenizer, messages);
  return Uint32Array.from(text.encode(template.render(text.messages, text.variables, true)));
}

/** Messages whose contents cannot write special tokens, and the encoder of the text that a template makes of them. */
class TemplateText {
  readonly messages: readonly Message[];
  readonly variables: TemplateTokens;
  readonly #pattern: RegExp;
  /** Stands inside a special token's name where content has one. */
  readonly #guard: string;
  readonly #tokenizer: ChatTokenizer;

  constructor(tokenizer: ChatTokenizer, messages: readonly Message[]) {
    if (messages.length === 0) throw new UsageError("A conversation has no messages, expected at least one.");
    this.#tokenizer = tokenizer;
    this.#pattern = patternOf(tokenizer);
    const guard = this.#guard = absentCharacters(messages.map(({ content }) => content).join(""), 1)[0];
    this.messages = messages.map(({ role, content }) => ({
      role,
      content: content.replace(this.#pattern, (name) => name.slice(0, 1) + guard + name.slice(1)),
    }));
    this.variables = tokenizer.templateTokens;
  }

  *encode(text: string): Generator<number> {
    // Splitting by a captured pattern keeps the names, at odd places.
    for (const part of text.split(this.#pattern)) {
      const id = this.#tokenizer.specialTokens.get(part);
      if (id === undefined) yield* this.#tokenizer.encode(part.replaceAll(this.#guard, ""));
      else yield id;
    }
  }
}

/** Patterns by tokenizer: one is made for every conversation's turn otherwise. */
const patterns = new WeakMap<ChatTokenizer, RegExp>();

/** Matches any of a tokenizer's special tokens, which `split` keeps; without any, nothing. */
function patternOf(tokenizer: ChatTokenizer): RegExp {
  const before = patterns.get(tokenizer);
  if (before !== undefined) return before;
  // Longest first: one's name may begin another's.
  const names = [...tokenizer.specialTokens.keys()].sort((a, b) => b.length - a.length);
  const pattern = names.length === 0 ? /(?!)/g : new RegExp(`(${names.map(RegExp.escape).join("|")})`, "g");
  patterns.set(tokenizer, pattern);
  return pattern;
}
