/**
 * One question to a chat completions server whose answer is a digit: its log-probabilities.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import type { Question } from "../core/server_pool.ts";
import { BrokenAnswer } from "../core/server_request.ts";
import type { Judgement } from "./ask_llm.ts";

/** How many alternatives to the first token are asked for: the most that the protocol allows. */
const ALTERNATIVES = 20;

/** The part of an answer that is needed. */
const answer = z.object({
  choices: z.array(z.object({
    logprobs: z.object({
      content: z.array(z.object({
        top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number().nullable() })),
      })).nullish(),
    }).nullish(),
  })).min(1),
});

/** By how much probabilities may sum to more than 1: servers compute them in 16 bits. */
const TOLERANCE = 0.01;

/**
 * The question. Reading its answer throws a {@link UsageError} where there are no log-probabilities.
 *
 * @param subject What is judged, for errors.
 * @param content The user's message.
 */
export function judgingQuestion(model: string, subject: string, content: string): Question<Judgement> {
  return {
    subject,
    request: (client, signal) =>
      client.chat.completions.create({
        model,
        messages: [{ role: "user", content }],
        max_tokens: 1,
        temperature: 0,
        logprobs: true,
        top_logprobs: ALTERNATIVES,
      }, { signal }),
    read: judgementOf,
  };
}

function judgementOf(completion: unknown, who: string): Judgement {
  const parsed = answer.safeParse(completion);
  if (!parsed.success) throw new BrokenAnswer("the answer is no chat completion");
  const alternatives = parsed.data.choices[0]?.logprobs?.content?.[0]?.top_logprobs ?? [];
  if (alternatives.length === 0) {
    throw new UsageError(`${who} gives no log-probabilities (logprobs, top_logprobs), which Ask-LLM needs.`);
  }
  // JSON has no −∞: servers say null.
  const probabilities = alternatives.map(({ token, logprob }) => ({
    digit: token.trim(),
    probability: Math.exp(logprob ?? -Infinity),
  }));
  const sumOf = (own: typeof probabilities) => own.reduce((sum, { probability }) => sum + probability, 0);
  const all = sumOf(probabilities);
  if (all > 1 + TOLERANCE) throw new BrokenAnswer(`the answer's probabilities sum to ${all.toPrecision(3)}`);
  return {
    one: sumOf(probabilities.filter(({ digit }) => digit === "1")),
    zero: sumOf(probabilities.filter(({ digit }) => digit === "0")),
  };
}
