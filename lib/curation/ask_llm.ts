/**
 * Ask-LLM (Sachdeva et al., 2024, arXiv 2402.09668): a language model is asked whether a document belongs into a set, and its
 * P("1") / (P("1") + P("0")) is the document's score, as in section 5.1.1 of arXiv 2509.24945.
 * @module
 */
import type { Document } from "../sources/document.ts";
import type { Prompt } from "./prompt.ts";
import type { Scorer } from "./scorer.ts";

/** The judge's probabilities of the two answers, as its first token. */
export interface Judgement {
  /** P("1"). */
  readonly one: number;
  /** P("0"). */
  readonly zero: number;
}

/** A language model that answers 1 or 0. */
export interface Judge {
  /** Which model, and how it is asked: a part of every score's provenance. */
  readonly name: string;
  /** Documents judged at once. */
  readonly batchSize: number;
  /** A judgement for each document [documents]. */
  judge(prompt: Prompt, documents: readonly Document[], signal?: AbortSignal): Promise<Judgement[]>;
}

/**
 * P("1") + P("0") of an answer that counts. Below it the judge meant to say something else, and the ratio of the two is noise: an
 * untrained model's sum is about 2/V.
 */
export const MIN_ANSWER_PROBABILITY = 0.05;

/** P("1") / (P("1") + P("0")), or null where the judge says neither. */
export function scoreOf({ one, zero }: Judgement): number | null {
  return one + zero < MIN_ANSWER_PROBABILITY ? null : one / (one + zero);
}

/**
 * The scorer "ask-llm/PROMPT" of a judge.
 *
 * @example
 * ```ts
 * import { askLlm } from "./ask_llm.ts";
 * import { loadPrompt } from "./prompt.ts";
 * import assert from "node:assert/strict";
 * const yes = { name: "yes-man", batchSize: 8, judge: () => Promise.resolve([{ one: 0.6, zero: 0.2 }]) };
 * const scorer = askLlm(yes, await loadPrompt("code"));
 * const document = { id: "", source: "own", text: "x = 1", licence: "MIT", metadata: {} };
 * assert.ok(Math.abs((await scorer.score([document]))[0]! - 0.75) < 1e-12);
 * ```
 */
export function askLlm(judge: Judge, prompt: Prompt): Scorer {
  return {
    name: `ask-llm/${prompt.name}`,
    provenance: `Ask-LLM, prompt ${prompt.name} ${prompt.hash}, judge ${judge.name}`,
    batchSize: judge.batchSize,
    noScore: "says neither 1 nor 0",
    score: async (documents, signal) => (await judge.judge(prompt, documents, signal)).map(scoreOf),
  };
}
