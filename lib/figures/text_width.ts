/**
 * How wide a text will be in a typeface that nobody has loaded yet.
 * @module
 */

/** Widths in em of an average sans serif. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/\p{Mark}|\p{Format}/u, 0],
  [/[iljI|.,:;'!]/, 0.28],
  [/[ ftr()[\]{}/\\"-]/, 0.36],
  [/[mwMW@%—]/, 0.88],
  [/[A-Z&]/, 0.68],
  [/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}]/u, 1],
];
const ORDINARY = 0.6;

function characterWidth(character: string): number {
  return WIDTHS.find(([pattern]) => pattern.test(character))?.[1] ?? ORDINARY;
}

/** Estimated width in pixels. */
export function textWidth(text: string, fontSize: number): number {
  return Array.from(text, characterWidth).reduce((sum, width) => sum + width, 0) * fontSize;
}

/**
 * The text, or its beginning and an ellipsis where it would be wider than `limit` pixels.
 *
 * @example
 * ```ts
 * import { truncate } from "./text_width.ts";
 * import assert from "node:assert/strict";
 * assert.equal(truncate("freecodecamp-curriculum", 90, 12), "freecodecam…");
 * assert.equal(truncate("short", 90, 12), "short");
 * ```
 */
export function truncate(text: string, limit: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= limit) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && textWidth(characters.join("") + "…", fontSize) > limit) characters.pop();
  return characters.join("") + "…";
}

/** The text in lines of at most `limit` pixels, broken at spaces; a word that is wider is cut short. */
export function wrap(text: string, limit: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && textWidth(longer, fontSize) <= limit) lines[lines.length - 1] = longer;
    else lines.push(truncate(word, limit, fontSize));
  }
  return lines;
}
