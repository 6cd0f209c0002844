/**
 * Documents for measurements of speed: made up, but with the word frequencies of text and with duplicates in it.
 * @module
 */
import { mix } from "./words.ts";

/** Words of a document. */
export const SYNTHETIC_WORDS = 100;

/** Different words; the n-th most frequent one occurs about 1/n as often as the first (Zipf). */
const VOCABULARY = 20_000;

/** One document in so many is an exact copy of the one before it, and one a copy with three other words. */
const EXACT_EVERY = 20, NEAR_EVERY = 10;

const SYLLABLES = [
  "ba",
  "ce",
  "di",
  "fo",
  "gu",
  "ha",
  "ki",
  "lo",
  "mu",
  "ne",
  "pa",
  "re",
  "si",
  "to",
  "vu",
  "wa",
];

/** A word that looks like one. */
function wordOf(number: number): string {
  let word = SYLLABLES[number % SYLLABLES.length] ?? "";
  for (
    let rest = Math.floor(number / SYLLABLES.length);
    rest > 0;
    rest = Math.floor(rest / SYLLABLES.length)
  ) {
    word += SYLLABLES[rest % SYLLABLES.length];
  }
  return word;
}

const WORDS = Array.from({ length: VOCABULARY }, (_, number) => wordOf(number));

/**
 * The text of a document by its number: always the same.
 *
 * @example
 * ```ts
 * import { syntheticText } from "./synthetic.ts";
 * import assert from "node:assert/strict";
 * assert.equal(syntheticText(7), syntheticText(7));
 * assert.equal(syntheticText(20), syntheticText(19));
 * assert.notEqual(syntheticText(8), syntheticText(7));
 * ```
 */
export function syntheticText(number: number): string {
  const exact = number > 0 && number % EXACT_EVERY === 0;
  const near = number > 0 && number % NEAR_EVERY === 0 && !exact;
  const original = exact || near ? number - 1 : number;
  const words = Array.from({ length: SYNTHETIC_WORDS }, (_, i) => {
    // The key is its own for each place of each document.
    const other = near && i % 40 === 39 ? 0x5bd1e995 : 0;
    const uniform = mix((Math.imul(original, 0x9e3779b1) + i + other) | 0) / 2 ** 32;
    return WORDS[Math.floor(VOCABULARY ** uniform) - 1] ?? "";
  });
  return `${words.join(" ")}.`;
}
