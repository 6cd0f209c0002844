/**
 * Texts that end a generation, wherever tokens begin and end.
 * @module
 */
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { TextStream } from "./text_stream.ts";

/**
 * A `stopAfter` for one request: true once one of the texts has been written. What the last token wrote after it is still there.
 *
 * @param stop None of them empty.
 *
 * @example
 * ```ts
 * import { stopAtText } from "./stop_texts.ts";
 * import { openTokenizer } from "../tokenizer/tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-512");
 * const stopAfter = stopAtText(tokenizer, ["\n\nQ"]);
 * assert.deepEqual([...tokenizer.encode("A\n\nQ:")].map(stopAfter).indexOf(true), tokenizer.encode("A\n\nQ").length - 1);
 * ```
 */
export function stopAtText(tokenizer: Tokenizer, stop: readonly string[]): (token: number) => boolean {
  const stream = new TextStream(tokenizer);
  const longest = Math.max(...stop.map(({ length }) => length));
  /** The end of the text, as long as may be the beginning of a stop text. */
  let tail = "";
  return (token) => {
    const text = tail + stream.push(token);
    tail = text.slice(Math.max(0, text.length - longest + 1));
    return stop.some((end) => text.includes(end));
  };
}
