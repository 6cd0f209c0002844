/**
 * Tokens as text while they come.
 * @module
 */
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** What stands for bytes that are no UTF-8, or not yet. */
const REPLACEMENT = "\ufffd";

/**
 * Turns a stream of tokens into pieces of text that together are `tokenizer.decode` of all of them. A token may end inside
 * a character: the rest of it is waited for. Special tokens appear by their names.
 *
 * @example
 * ```ts
 * import { TextStream } from "./text_stream.ts";
 * import { openTokenizer } from "../tokenizer/tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-512");
 * const stream = new TextStream(tokenizer);
 * const pieces = [...tokenizer.encode("é!")].map((token) => stream.push(token));
 * assert.deepEqual([...pieces, stream.end()], ["", "é", "!", ""]);
 * ```
 */
export class TextStream {
  /** Tokens since the last end of a token that was an end of a character too. */
  #pending: number[] = [];
  /** How much of their text has been given. */
  #given = 0;

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The text that this token completes; may be empty. */
  push(token: number): string {
    this.#pending.push(token);
    const text = this.tokenizer.decode(this.#pending);
    // An unfinished character at the end decodes to one replacement, which more bytes may still change.
    const certain = text.endsWith(REPLACEMENT) ? text.length - 1 : text.length;
    const piece = text.slice(this.#given, certain);
    this.#given = certain;
    if (certain === text.length) {
      this.#pending = [];
      this.#given = 0;
    }
    return piece;
  }

  /** What is left: bytes that never became a character. */
  end(): string {
    const piece = this.tokenizer.decode(this.#pending).slice(this.#given);
    this.#pending = [];
    this.#given = 0;
    return piece;
  }
}
