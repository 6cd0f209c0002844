/**
 * Long documents in parts.
 * @module
 */

/**
 * Splits a text into parts of at most `limit` UTF-16 code units that, joined, give the text: after the last blank line in the
 * second half of the limit, else after the last line end there, else the last space, else at the limit (never within a
 * surrogate pair).
 *
 * @example
 * ```ts
 * import { splitText } from "./split.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(splitText("one two\n\nthree", 12), ["one two\n\n", "three"]);
 * ```
 */
export function splitText(text: string, limit: number): string[] {
  const parts: string[] = [];
  let start = 0;
  while (text.length - start > limit) {
    const window = text.slice(start, start + limit);
    let length = limit;
    for (const boundary of ["\n\n", "\n", " "]) {
      const at = window.lastIndexOf(boundary);
      if (at >= limit / 2) {
        length = at + boundary.length;
        break;
      }
    }
    const last = window.charCodeAt(length - 1);
    if (last >= 0xd800 && last < 0xdc00) length--;
    parts.push(window.slice(0, length));
    start += length;
  }
  parts.push(text.slice(start));
  return parts;
}
