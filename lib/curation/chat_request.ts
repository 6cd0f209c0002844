/**
 * One question to a chat completions server whose answer is a digit: its log-probabilities.
 * @module
 */
import type { OpenAI } from "openai";
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { BrokenAnswer, requestWithRetries, type RetrySettings } from "../core/server_request.ts";
import type { Judgement } from "./ask_llm.ts";

/** Whom to ask, and how often. */
export interface QuestionSettings extends RetrySettings {
  readonly model: string;
}

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

/**
 * Asks, and again while that may help.
 *
 * @param client Its own retries are off.
 * @param content The user's message.
 * @throws {UsageError} where the server refuses the request, or gives no log-probabilities.
 * @throws {RunError} where the last attempt failed too.
 */
export function askServer(
  client: OpenAI,
  content: string,
  { model, ...retries }: QuestionSettings,
  signal: AbortSignal,
): Promise<Judgement> {
  const who = `Judge ${model} at ${client.baseURL}`;
  const request = () =>
    client.chat.completions.create({
      model,
      messages: [{ role: "user", content }],
      max_tokens: 1,
      temperature: 0,
      logprobs: true,
      top_logprobs: ALTERNATIVES,
    }, { signal });
  return requestWithRetries(who, request, (completion) => judgementOf(who, completion), retries, signal);
}

function judgementOf(who: string, completion: unknown): Judgement {
  const parsed = answer.safeParse(completion);
  if (!parsed.success) throw new BrokenAnswer("the answer is no chat completion");
  const alternatives = parsed.data.choices[0]?.logprobs?.content?.[0]?.top_logprobs ?? [];
  if (alternatives.length === 0) {
    throw new UsageError(`${who} gives no log-probabilities (logprobs, top_logprobs), which Ask-LLM needs.`);
  }
  const probability = (digit: string) =>
    alternatives.filter(({ token }) => token.trim() === digit)
      // JSON has no −∞: servers say null.
      .reduce((sum, { logprob }) => sum + Math.exp(logprob ?? -Infinity), 0);
  return { one: probability("1"), zero: probability("0") };
}
