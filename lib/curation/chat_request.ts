/**
 * One question to a chat completions server whose answer is a digit: its log-probabilities, and what to do where something fails.
 * @module
 */
import { APIError, type OpenAI } from "openai";
import pRetry from "p-retry";
import { z } from "zod";
import { RunError, UsageError } from "../core/errors.ts";
import type { Judgement } from "./ask_llm.ts";

/** Whom to ask, and how often. */
export interface RetrySettings {
  readonly model: string;
  /** A failed request is sent again so many times, after 1, 2, 4 … times the delay or when the server says (Retry-After). */
  readonly retries: number;
  /** Waiting before the first retry, in milliseconds. */
  readonly retryDelay: number;
}

/** Longest wait that a server's Retry-After may ask for. */
const MAX_RETRY_AFTER_MS = 600_000;

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

/** Something that a new attempt may mend: no answer, a broken answer. */
class BrokenAnswer extends Error {}

/**
 * Asks, and again while that may help.
 *
 * @param client Its own retries are off: they do not see broken answers.
 * @param content The user's message.
 * @throws {UsageError} where the server refuses the request, or gives no log-probabilities.
 * @throws {RunError} where the last attempt failed too.
 */
export async function askServer(
  client: OpenAI,
  content: string,
  { model, retries, retryDelay }: RetrySettings,
  signal: AbortSignal,
): Promise<Judgement> {
  try {
    return await pRetry(() => request(client, model, content, signal), {
      retries,
      minTimeout: retryDelay,
      signal,
      shouldRetry: ({ error }) => isTransient(error),
      onFailedAttempt: async ({ error, retryDelay: delay }) => {
        const wait = retryAfter(error) - delay;
        if (isTransient(error) && wait > 0) await sleep(wait, signal);
      },
    });
  } catch (error) {
    if (signal.aborted || error instanceof UsageError || !(error instanceof Error)) throw error;
    const what = `Judge ${model} at ${client.baseURL}`;
    if (isTransient(error)) throw new RunError(`${what} failed ${retries + 1} times: ${error.message}`);
    throw error instanceof APIError ? new UsageError(`${what} refuses the request: ${error.message}`) : error;
  }
}

async function request(
  client: OpenAI,
  model: string,
  content: string,
  signal: AbortSignal,
): Promise<Judgement> {
  let completion: unknown;
  try {
    completion = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content }],
      max_tokens: 1,
      temperature: 0,
      logprobs: true,
      top_logprobs: ALTERNATIVES,
    }, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof APIError) throw error;
    // The connection closed within the answer, or the answer was no JSON.
    throw new BrokenAnswer(`the answer broke off: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = answer.safeParse(completion);
  if (!parsed.success) throw new BrokenAnswer("the answer is no chat completion");
  const alternatives = parsed.data.choices[0]?.logprobs?.content?.[0]?.top_logprobs ?? [];
  if (alternatives.length === 0) {
    throw new UsageError(
      `Judge ${model} at ${client.baseURL} gives no log-probabilities (logprobs, top_logprobs), which Ask-LLM needs.`,
    );
  }
  const probability = (digit: string) =>
    alternatives.filter(({ token }) => token.trim() === digit)
      // JSON has no −∞: servers say null.
      .reduce((sum, { logprob }) => sum + Math.exp(logprob ?? -Infinity), 0);
  return { one: probability("1"), zero: probability("0") };
}

/** Whether a new attempt may go better: no connection, too many requests, a server's own failure, a broken answer. */
function isTransient(error: Error): boolean {
  if (error instanceof BrokenAnswer) return true;
  if (!(error instanceof APIError)) return false;
  const status: number | undefined = error.status;
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

/** Milliseconds that the server asks to wait, in seconds or as a date; 0 where it does not. */
function retryAfter(error: Error): number {
  const value: string | null = error instanceof APIError ? error.headers?.get("retry-after") ?? null : null;
  if (value === null) return 0;
  const milliseconds = /^\d+(\.\d+)?$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, milliseconds || 0));
}

/** Waits, or rejects once the signal aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
