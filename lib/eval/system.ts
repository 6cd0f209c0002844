/**
 * What is evaluated: anything that writes, and perhaps says how likely a text is.
 * @module
 */
import type { Message } from "../tokenizer/chat.ts";
import type { SamplingSettings } from "../backends/decode.ts";

/** How likely is this continuation? */
export interface LogLikelihoodRequest {
  readonly context: string;
  /** With the space before it. */
  readonly continuation: string;
}

/** So likely. */
export interface LogLikelihood {
  /** Σ log p of the continuation's tokens, in nats. */
  readonly sum: number;
  /** Tokens of the continuation. */
  readonly tokens: number;
}

/** What is to be answered: a text to go on with, or messages. */
export type Prompt = { readonly text: string } | { readonly messages: readonly Message[] };

/** An answer to be written. */
export interface AnswerRequest {
  /** The benchmark's name, the item's id, and which of its samples: what a file of answers goes by. */
  readonly task: string;
  readonly id: string;
  readonly sample: number;
  readonly prompt: Prompt;
  readonly stop: readonly string[];
  readonly maxNewTokens: number;
  readonly sampling: SamplingSettings;
  /** Of this answer alone. */
  readonly seed: number;
}

/** A written answer. */
export interface Answer {
  /** Before the first stop text. */
  readonly text: string;
  /** New tokens, where the system says. */
  readonly tokens: number | null;
  /** Whether it ended by itself, or at a limit. */
  readonly finish: "stop" | "length";
}

/** A result and the index of its request. */
export type Indexed<Result> = Result & { readonly index: number };

/** What can be evaluated. Results come in any order; calls must not overlap. */
export interface System extends AsyncDisposable {
  /** Identifies it in result files: kept answers belong to a system by this name. */
  readonly name: string;
  /** Absent: it can only write. */
  readonly logLikelihoods?: (
    requests: readonly LogLikelihoodRequest[],
    signal: AbortSignal,
  ) => AsyncIterable<Indexed<LogLikelihood>>;
  answers(requests: readonly AnswerRequest[], signal: AbortSignal): AsyncIterable<Indexed<Answer>>;
}

/** A text up to its first stop text. */
export function cutAtStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((end) => text.indexOf(end)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...ends));
}
