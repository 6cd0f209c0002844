/**
 * What went wrong with a request to an OpenAI-compatible server, and whether asking again may help.
 * @module
 */
import { APIError } from "openai";

/** Longest wait that a server's Retry-After may ask for. */
const MAX_RETRY_AFTER_MS = 600_000;

/** Something that a new attempt may mend: no answer, a broken answer. */
export class BrokenAnswer extends Error {}

/** Whether a new attempt may go better: no connection, too many requests, a server's own failure, a broken answer. */
export function isTransient(error: Error): boolean {
  if (error instanceof BrokenAnswer) return true;
  if (!(error instanceof APIError)) return false;
  const status: number | undefined = error.status;
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

/** Milliseconds that the server asks to wait, in seconds or as a date (Retry-After); 0 where it does not. */
export function retryAfter(error: Error): number {
  const value: string | null = error instanceof APIError ? error.headers?.get("retry-after") ?? null : null;
  if (value === null) return 0;
  const milliseconds = /^\d+(\.\d+)?$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, milliseconds || 0));
}
