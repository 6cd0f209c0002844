/**
 * Requests to OpenAI-compatible servers: what is tried again, and what an error says in the end.
 * @module
 */
import { APIError } from "openai";
import pRetry from "p-retry";
import { RunError, UsageError } from "./errors.ts";

/** How often a server is asked. */
export interface RetrySettings {
  /** A failed request is sent again so many times, after 1, 2, 4 … times the delay or when the server says (Retry-After). */
  readonly retries: number;
  /** Waiting before the first retry, in milliseconds. */
  readonly retryDelay: number;
}

/** Longest wait that a server's Retry-After may ask for. */
const MAX_RETRY_AFTER_MS = 600_000;

/** Something that a new attempt may mend: no answer, a broken answer. */
export class BrokenAnswer extends Error {}

/**
 * Asks, and again while that may help.
 *
 * @param who Names model and server in errors.
 * @param request Sends it, through a client whose own retries are off: they do not see broken answers.
 * @param read What the answer says; throws a {@link BrokenAnswer} where it is none.
 * @throws {UsageError} where the server refuses the request, or `read` throws one.
 * @throws {RunError} where the last attempt failed too.
 */
export async function requestWithRetries<Answer>(
  who: string,
  request: () => Promise<unknown>,
  read: (answer: unknown) => Answer,
  { retries, retryDelay }: RetrySettings,
  signal: AbortSignal,
): Promise<Answer> {
  const attempt = async () => {
    let answer: unknown;
    try {
      answer = await request();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof APIError) throw error;
      // The connection closed within the answer, or the answer was no JSON.
      throw new BrokenAnswer(`the answer broke off: ${error instanceof Error ? error.message : error}`);
    }
    return read(answer);
  };
  try {
    return await pRetry(attempt, {
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
    if (isTransient(error)) throw new RunError(`${who} failed ${retries + 1} times: ${error.message}`);
    throw error instanceof APIError ? new UsageError(`${who} refuses the request: ${error.message}`) : error;
  }
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
