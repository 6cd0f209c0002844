/**
 * vLLM's `prompt_logprobs` of a completion: [null, {"791": {"logprob": -0.1, "rank": 1, "decoded_token": "The"}, …}, …], entry p
 * being the distribution of token p after the tokens before it. It has the k likeliest tokens and the prompt's own.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../../core/errors.ts";
import { BrokenAnswer } from "../../core/server_request.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { TopK } from "./top_k.ts";

const completion = z.object({
  choices: z.array(z.object({
    prompt_logprobs: z.array(
      z.record(
        z.string(),
        // JSON has no −∞: servers say null, or a very low number.
        z.object({ logprob: z.number().nullable(), decoded_token: z.string().nullish() }),
      ).nullable(),
    ).nullish(),
  })).min(1),
});

/** What an answer is read with. */
export interface PromptLogprobsOptions {
  /** Names teacher and server in errors. */
  readonly who: string;
  /** The n + 1 tokens that were sent. */
  readonly prompt: readonly number[];
  readonly topK: number;
  /** The student's. */
  readonly tokenizer: Tokenizer;
}

/** What −∞ becomes: a probability of 0 that a difference can still be taken of. */
const LEAST_LOGPROB = -1e4;

/** By how much a position's probabilities may sum to more than 1: servers compute them in 16 bits. */
const TOLERANCE = 0.01;

/** Decoded tokens that can be compared: bytes of half a character and special tokens have several spellings. */
const COMPARABLE = /^[ A-Za-z0-9]+$/;

/**
 * The k largest log-probabilities after each of the first n tokens of a prompt [n × k].
 *
 * @throws {BrokenAnswer} where the answer is no completion, has another length than the prompt, or probabilities above 1 in all.
 * @throws {UsageError} where there are no log-probabilities of the prompt or fewer than k, and where the server's tokens are not
 * the tokenizer's: an id outside the vocabulary, or most texts different.
 */
export function readPromptLogprobs(answer: unknown, options: PromptLogprobsOptions): TopK {
  const { who, prompt, topK, tokenizer } = options;
  const parsed = completion.safeParse(answer);
  if (!parsed.success) throw new BrokenAnswer("the answer is no completion");
  const entries = parsed.data.choices[0]?.prompt_logprobs ?? [];
  if (entries.length === 0) {
    throw new UsageError(
      `${who} gives no log-probabilities of the prompt (prompt_logprobs), which distillation needs.`,
    );
  }
  if (entries.length !== prompt.length) {
    throw new BrokenAnswer(`the answer has ${entries.length} positions, the prompt ${prompt.length}`);
  }
  const rows = prompt.length - 1;
  const logits = new Float32Array(rows * topK), ids = new Uint32Array(rows * topK);
  let compared = 0, different = 0;
  for (let row = 0; row < rows; row++) {
    const found = Object.entries(entries[row + 1] ?? {}).map(([id, { logprob, decoded_token: text }]) => {
      const number = Number(id);
      if (!Number.isSafeInteger(number) || number < 0 || number >= tokenizer.vocabularySize) {
        throw new UsageError(
          `${who} has another vocabulary: it names token ${id}, tokenizer ${tokenizer.name} has ${tokenizer.vocabularySize}.`,
        );
      }
      if (typeof text === "string" && COMPARABLE.test(text)) {
        compared++;
        if (tokenizer.decode([number]) !== text) different++;
      }
      return { id: number, logprob: Math.max(LEAST_LOGPROB, logprob ?? LEAST_LOGPROB) };
    }).sort((a, b) => b.logprob - a.logprob || a.id - b.id);
    const sum = found.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
    if (sum > 1 + TOLERANCE) {
      throw new BrokenAnswer(`the probabilities of position ${row} sum to ${sum.toPrecision(3)}`);
    }
    if (found.length < topK) {
      throw new UsageError(`${who} gives ${found.length} log-probabilities a position, topK is ${topK}.`);
    }
    found.slice(0, topK).forEach(({ id, logprob }, i) => {
      logits[row * topK + i] = logprob;
      ids[row * topK + i] = id;
    });
  }
  if (2 * different > compared) {
    throw new UsageError(
      `${who} has another vocabulary: ${different} of ${compared} tokens are other text in tokenizer ${tokenizer.name}.`,
    );
  }
  return { logits, ids };
}
