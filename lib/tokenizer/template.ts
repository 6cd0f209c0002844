/**
 * Chat templates: the Jinja text that a model's chat_template.jinja holds, as transformers renders it.
 * @module
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { UsageError } from "../core/errors.ts";

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Names of the tokens that templates write as variables. */
export interface TemplateTokens {
  readonly bos_token: string;
  readonly eos_token: string;
}

/** A stretch of a rendered conversation. */
export interface Span {
  readonly text: string;
  /** Whether the assistant says it, the token that ends its turn included. */
  readonly assistant: boolean;
}

/** Published templates have up to some 20 kB; more is a mistake. */
const MAX_CHARACTERS = 1 << 18;

/** Longest `range()`, as in Jinja's sandbox: templates come from anywhere. */
const MAX_RANGE = 100_000;

/** transformers' tag around what the assistant says, with its white-space control. */
const GENERATION_TAG = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;

/**
 * A parsed template. transformers' `{% generation %}` blocks, where it has them, say what the assistant says. Where not, prefixes
 * do: the turn of message i is what rendering messages 0 … i adds to rendering messages 0 … i − 1 with the generation prompt,
 * less white space at its end: it follows the token at which generation stops.
 *
 * Rendering depends on the arguments alone: `strftime_now` is not defined, so templates take the date that they fall back to.
 */
export class ChatTemplate {
  /** Whether it marks what the assistant says. */
  readonly marked: boolean;
  readonly #program: ReturnType<typeof parse>;

  /**
   * @param source Jinja.
   * @param origin The file's name, for messages.
   * @throws {UsageError} where it is no Jinja template, in one sentence.
   *
   * @example
   * ```ts
   * import { ChatTemplate } from "./template.ts";
   * import assert from "node:assert/strict";
   * const template = new ChatTemplate("{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}", "example");
   * const tokens = { bos_token: "", eos_token: "" };
   * assert.equal(template.render([{ role: "user", content: "Hi" }], tokens), "[user] Hi\n");
   * ```
   */
  constructor(readonly source: string, readonly origin: string) {
    if (source.length > MAX_CHARACTERS) {
      throw new UsageError(
        `${origin}: the template has ${source.length} characters, expected at most ${MAX_CHARACTERS}.`,
      );
    }
    const tags = [...source.matchAll(GENERATION_TAG)];
    if (tags.some(([, , end], i) => (end === "end") !== (i % 2 === 1)) || tags.length % 2 === 1) {
      throw new UsageError(`${origin}: the template's generation blocks are not closed one after another.`);
    }
    this.marked = tags.length > 0;
    // The library drops these tags. A block around a variable keeps their white-space control and writes a mark.
    const marked = source.replace(
      GENERATION_TAG,
      (_, left: string, end: string | undefined, right: string) =>
        `{%${left} if true %}{{ ${end ? "generation_end" : "generation_start"} }}{% endif ${right}%}`,
    );
    this.#program = this.#failing(() => parse(tokenize(marked, { lstrip_blocks: true, trim_blocks: true })));
  }

  /** @throws {UsageError} where the file is missing, and as the constructor. */
  static async open(path: string): Promise<ChatTemplate> {
    try {
      return new ChatTemplate(await Deno.readTextFile(path), path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new UsageError(`${path} does not exist.`);
      throw error;
    }
  }

  /**
   * The conversation as text.
   *
   * @param generationPrompt Ends with the header of the assistant's turn.
   * @throws {UsageError} where the template does not render, with the template's own reason where it gives one.
   */
  render(messages: readonly Message[], tokens: TemplateTokens, generationPrompt = false): string {
    return this.#render(messages, tokens, generationPrompt, ["", ""]);
  }

  /**
   * The whole conversation, split where the assistant begins and ends; the texts joined are `render`'s.
   *
   * @throws {UsageError} as {@link render}; and without generation blocks, where a turn is rendered differently once others follow.
   */
  spans(messages: readonly Message[], tokens: TemplateTokens): Span[] {
    return this.marked ? this.#markedSpans(messages, tokens) : this.#prefixSpans(messages, tokens);
  }

  #markedSpans(messages: readonly Message[], tokens: TemplateTokens): Span[] {
    const [start, end] = absentCharacters(JSON.stringify([this.source, messages, tokens]), 2);
    const text = this.#render(messages, tokens, false, [start, end]);
    const marks = new RegExp(`[${start}${end}]`, "g");
    if ([...text.matchAll(marks)].some(([mark], i) => mark !== (i % 2 === 0 ? start : end))) {
      throw new UsageError(`${this.origin}: the template renders one generation block inside another.`);
    }
    const pieces = text.split(marks);
    return pieces.map((piece, i) => ({ text: piece, assistant: i % 2 === 1 })).filter(notEmpty);
  }

  #prefixSpans(messages: readonly Message[], tokens: TemplateTokens): Span[] {
    const whole = this.render(messages, tokens);
    const spans: Span[] = [];
    let done = 0;
    messages.forEach(({ role }, i) => {
      if (role !== "assistant") return;
      const before = this.render(messages.slice(0, i), tokens, true);
      const after = this.render(messages.slice(0, i + 1), tokens);
      if (before.length < done || !after.startsWith(before) || !whole.startsWith(after)) {
        throw new UsageError(
          `${this.origin}: the template renders message ${i + 1} of ${messages.length} differently ` +
            `with and without what follows, so what the assistant says is not known; it needs generation blocks.`,
        );
      }
      const said = after.slice(before.length).trimEnd();
      spans.push({ text: whole.slice(done, before.length), assistant: false }, {
        text: said,
        assistant: true,
      });
      done = before.length + said.length;
    });
    spans.push({ text: whole.slice(done), assistant: false });
    return spans.filter(notEmpty);
  }

  #render(
    messages: readonly Message[],
    tokens: TemplateTokens,
    generationPrompt: boolean,
    [start, end]: readonly [string, string],
  ): string {
    return this.#failing(() => {
      const environment = new Environment();
      const variables = {
        ...{ true: true, false: false, none: null, True: true, False: false, None: null },
        raise_exception: (message: string) => {
          throw new Error(message);
        },
        range,
        ...tokens,
        // None, as transformers passes them: some templates ask only whether they are.
        ...{ tools: null, documents: null },
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: generationPrompt,
        generation_start: start,
        generation_end: end,
      };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      return String(new Interpreter(environment).run(this.#program).value);
    });
  }

  #failing<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
      throw new UsageError(
        `${this.origin}: the chat template does not render: ${reason.replace(/\.$/, "")}.`,
      );
    }
  }
}

function notEmpty({ text }: Span): boolean {
  return text !== "";
}

/** Unicode's noncharacters U+FDD0 … U+FDEF that a text does not have: safe as marks in it. */
export function absentCharacters(text: string, count: 1): [string];
export function absentCharacters(text: string, count: 2): [string, string];
export function absentCharacters(text: string, count: number): string[] {
  const absent: string[] = [];
  for (let code = 0xfdd0; code <= 0xfdef && absent.length < count; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) absent.push(character);
  }
  if (absent.length < count) {
    throw new UsageError(
      "A conversation has all of Unicode's noncharacters U+FDD0 to U+FDEF, expected text.",
    );
  }
  return absent;
}

/** Python's range, bounded. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_RANGE)) throw new Error(`range() has ${length} numbers, at most ${MAX_RANGE}`);
  return Array.from({ length }, (_, i) => from + i * step);
}
