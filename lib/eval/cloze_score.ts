/**
 * How often a model tells a text's own order of words from others (`cloze.ts`), by source.
 * @module
 */
import type { ForwardBackend } from "../backends/backend.ts";
import { RunError } from "../core/errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { CLOZE, clozeItems, type ClozeText } from "./cloze.ts";
import { fits, logLikelihoods } from "./log_likelihoods.ts";
import { choiceRequests, judgedChoices } from "./multiple_choice.ts";
import { type Score, scoresOf } from "./scores.ts";

/** Accuracy on a source's questions; chance is 1 / choices. */
export interface ClozeScore extends Score {
  /** null: all of them. */
  readonly source: string | null;
  readonly questions: number;
  readonly choices: number;
}

/** How a model is asked. */
export interface ClozeScoreOptions {
  /** Most tokens that the model sees: the length that it was trained with. */
  readonly window: number;
  /** Of the choices' orders. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Tokens of a batch: small, since so are the models. */
const BATCH_TOKENS = 2048;

/**
 * Scores a model by log-likelihood, without normalisation: choices are the same words. All sources first, then each. Questions with
 * a choice longer than the window are left out; nothing is scored where none is left.
 *
 * @throws {UsageError} where no text is long enough.
 */
export async function scoreCloze(
  backend: ForwardBackend,
  tokenizer: Tokenizer,
  texts: Iterable<ClozeText>,
  { window, seed, signal }: ClozeScoreOptions,
): Promise<ClozeScore[]> {
  const items = clozeItems(texts, { ...CLOZE, seed })
    .filter((item) => choiceRequests(item, "").every((request) => fits(request, tokenizer, window)));
  if (items.length === 0) return [];
  const requests = items.flatMap((item) => choiceRequests(item, ""));
  const sums = new Array<number>(requests.length);
  const settings = { batchTokens: BATCH_TOKENS, window };
  for await (const { index, sum } of logLikelihoods(backend, tokenizer, requests, settings, signal)) {
    if (!Number.isFinite(sum)) {
      throw new RunError(`A log-likelihood is ${sum}: the model's weights are not finite.`);
    }
    sums[index] = sum;
  }
  const samples = items.map((item, i) => ({
    source: item.group ?? null,
    sample: judgedChoices(item, sums.slice(i * CLOZE.choices, (i + 1) * CLOZE.choices)),
  }));
  const sources = [null, ...new Set(samples.map(({ source }) => source))];
  return sources.flatMap((source) => {
    const own = samples.filter((entry) => source === null || entry.source === source);
    return scoresOf(own.map(({ sample }) => sample), ["acc"], seed)
      .map((score) => ({ source, questions: own.length, choices: CLOZE.choices, ...score }));
  });
}
