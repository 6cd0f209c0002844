/**
 * A benchmark made of any text: which order of the next words is the text's own? It needs no download, and a model of any size can be
 * above chance.
 *
 * A question is a passage; the right choice is what follows it, the wrong ones are the same words in other orders. So whoever only knows
 * how often words are is right one time in four, exactly; what is above comes from order.
 * @module
 */
import type { ChoiceItem } from "../benchmarks/task.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";

/** How questions are cut. */
export interface ClozeSettings {
  /** Questions of each source at most. */
  readonly questions: number;
  /** Words of a passage, and of its continuation. */
  readonly contextWords: number;
  readonly choiceWords: number;
  readonly choices: number;
  readonly seed: number;
}

/** Small enough for a demonstration: about 80 tokens a choice. */
export const CLOZE: Omit<ClozeSettings, "seed"> = {
  questions: 16,
  contextWords: 32,
  choiceWords: 12,
  choices: 4,
};

/** A text and where it is from. */
export interface ClozeText {
  readonly id: string;
  readonly source: string;
  readonly text: string;
}

/** Orders that are tried for each wrong choice: only texts that repeat one word run out of them. */
const TRIES = 8;

/**
 * Questions, one from the beginning of each text; groups are the sources. Texts that are too short give none.
 *
 * @throws {UsageError} where no text gives a question.
 *
 * @example
 * ```ts
 * import { clozeItems } from "./cloze.ts";
 * import assert from "node:assert/strict";
 * const settings = { questions: 1, contextWords: 2, choiceWords: 2, choices: 2, seed: 1 };
 * const [item] = clozeItems([{ id: "1", source: "letters", text: "a b c d" }], settings);
 * assert.deepEqual([item?.contexts[0], item?.choices[item.gold]], ["a b", "c d"]);
 * assert.ok(item?.choices.includes("d c"));
 * ```
 */
export function clozeItems(texts: Iterable<ClozeText>, settings: ClozeSettings): ChoiceItem[] {
  const items: ChoiceItem[] = [];
  const taken = new Map<string, number>();
  for (const text of texts) {
    const before = taken.get(text.source) ?? 0;
    if (before === settings.questions) continue;
    const item = clozeItem(text, settings);
    if (item === null) continue;
    taken.set(text.source, before + 1);
    items.push(item);
  }
  if (items.length > 0) return items;
  const { contextWords, choiceWords } = settings;
  throw new UsageError(`No text has ${contextWords + choiceWords} words, which a cloze needs.`);
}

function clozeItem({ id, source, text }: ClozeText, settings: ClozeSettings): ChoiceItem | null {
  const { contextWords, choiceWords, choices, seed } = settings;
  // White space stays before its word, so that the passage reads as it does in the text.
  const words = text.match(/\s*\S+/g) ?? [];
  if (words.length < contextWords + choiceWords) return null;
  const context = words.slice(0, contextWords).join("").trim();
  // Spaces would tell the orders apart: in choices there is one between words.
  const own = words.slice(contextWords, contextWords + choiceWords).map((word) => word.trim());
  const right = own.join(" ");
  const orders = new Set([right]);
  for (let attempt = 0; orders.size < choices && attempt < TRIES * choices; attempt++) {
    orders.add(Random.of(seed, "cloze", id, attempt).shuffled(own).join(" "));
  }
  if (orders.size < choices) return null;
  orders.delete(right);
  const gold = Random.of(seed, "cloze", id).below(0, choices);
  const options = [...orders].toSpliced(gold, 0, right);
  return {
    id,
    group: source,
    contexts: [context],
    choices: options,
    gold,
    question: context,
    options,
  };
}
