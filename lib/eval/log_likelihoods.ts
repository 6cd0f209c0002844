/**
 * Log-likelihoods by a model of our own.
 *
 * lm-eval's convention: spaces at the context's end belong to the continuation; both are encoded together, and the continuation's
 * tokens are those beyond the context's own; <|begin_of_text|> stands first; where a text is longer than the model's window, its
 * beginning is dropped.
 *
 * Rows are sorted by length, so that a batch has little padding; requests whose continuation is one token, and whose context they share
 * (MMLU's letters), take one row together.
 * @module
 */
import type { ForwardBackend } from "../backends/backend.ts";
import { UsageError } from "../core/errors.ts";
import { alignRight } from "../curation/model_judge.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Indexed, LogLikelihood, LogLikelihoodRequest } from "./system.ts";

/** A request in tokens. */
export interface EncodedRequest {
  /** All but the last are seen; those from `start` on are counted. */
  readonly tokens: Uint32Array;
  readonly start: number;
}

/** Lengths are rounded up to a multiple of this, since a backend plans anew for every shape. */
const LENGTH_STEP = 32;

/**
 * Encodes a request.
 *
 * @param window Most tokens that the model sees.
 * @throws {UsageError} where the continuation has no tokens, or more than the window.
 *
 * @example
 * ```ts
 * import { encodeRequest } from "./log_likelihoods.ts";
 * import { openTokenizer } from "../tokenizer/tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-4096");
 * const { tokens, start } = encodeRequest({ context: "Two and ", continuation: "two" }, tokenizer, 64);
 * assert.equal(tokenizer.decode(tokens.subarray(start)), " two");
 * ```
 */
export function encodeRequest(
  request: LogLikelihoodRequest,
  tokenizer: Tokenizer,
  window: number,
): EncodedRequest {
  const { continuation, whole, counted } = splitRequest(request, tokenizer);
  if (counted < 1 || counted > window) {
    throw new UsageError(
      `The continuation ${
        JSON.stringify(continuation.slice(0, 40))
      } has ${counted} tokens, expected 1 to ${window}.`,
    );
  }
  const tokens = Uint32Array.of(tokenizer.special.beginOfText, ...whole).slice(-(window + 1));
  return { tokens, start: tokens.length - counted };
}

/** Whether a model with that window can be asked. */
export function fits(request: LogLikelihoodRequest, tokenizer: Tokenizer, window: number): boolean {
  const { counted } = splitRequest(request, tokenizer);
  return counted >= 1 && counted <= window;
}

/** White space at the context's end goes to the continuation, whose tokens are those that the context alone does not have. */
function splitRequest(request: LogLikelihoodRequest, tokenizer: Tokenizer) {
  const context = request.context.trimEnd();
  const continuation = request.context.slice(context.length) + request.continuation;
  const whole = tokenizer.encode(context + continuation);
  return { continuation, whole, counted: whole.length - tokenizer.countTokens(context) };
}

/** A row of a batch: one request, or several whose continuations are one token each after the same context. */
interface Row {
  /** Context and continuation of the one request; of several the context alone. */
  readonly tokens: Uint32Array;
  /** Where the continuation begins. */
  readonly start: number;
  /** The several requests and their tokens, looked up in the logits after the row; null: there is one. */
  readonly last: readonly { readonly index: number; readonly token: number }[] | null;
  /** Of the one request, or of the first. */
  readonly index: number;
}

/** How the model is asked. */
export interface LikelihoodSettings {
  /** Most tokens of a batch, padding included. */
  readonly batchTokens: number;
  /** Most tokens that the model sees; absent: its maxPositions. */
  readonly window?: number;
}

/** The log-likelihoods of all requests, batch by batch, short ones first. */
export async function* logLikelihoods(
  backend: ForwardBackend,
  tokenizer: Tokenizer,
  requests: readonly LogLikelihoodRequest[],
  { batchTokens, window = backend.config.maxPositions }: LikelihoodSettings,
  signal?: AbortSignal,
): AsyncGenerator<Indexed<LogLikelihood>> {
  const rows = groupRows(requests.map((request) => encodeRequest(request, tokenizer, window)));
  for (const batch of batchesOf(rows, batchTokens)) {
    signal?.throwIfAborted();
    yield* batch[0]?.last === null
      ? await continuations(backend, batch, window)
      : await lastTokens(backend, batch, window);
  }
}

/** One-token continuations of one context share a row; rows are ordered by kind, then by length. */
function groupRows(encoded: readonly EncodedRequest[]): Row[] {
  const rows: Row[] = [];
  /** Continuations by the context's tokens. */
  const shared = new Map<string, { index: number; token: number }[]>();
  for (const [index, { tokens, start }] of encoded.entries()) {
    if (tokens.length - start > 1) {
      rows.push({ tokens, start, last: null, index });
      continue;
    }
    const context = tokens.subarray(0, start);
    const key = context.join();
    // The last of at least two tokens.
    const entry = { index, token: tokens[start] as number };
    const others = shared.get(key);
    if (others !== undefined) {
      others.push(entry);
      continue;
    }
    const last = [entry];
    shared.set(key, last);
    rows.push({ tokens: context, start, last, index });
  }
  return rows.sort((a, b) =>
    Number(a.last !== null) - Number(b.last !== null) || a.tokens.length - b.tokens.length ||
    a.index - b.index
  );
}

/** Inputs of a row: a continuation's last token is only a target. */
function inputsOf({ tokens, last }: Row): number {
  return last === null ? tokens.length - 1 : tokens.length;
}

function paddedLength(row: Row): number {
  return Math.ceil(inputsOf(row) / LENGTH_STEP) * LENGTH_STEP;
}

/** Rows of one kind and one padded length, as many as fit. */
function* batchesOf(rows: readonly Row[], batchTokens: number): Generator<Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    const [first] = batch;
    const fits = first !== undefined && (first.last === null) === (row.last === null) &&
      paddedLength(first) === paddedLength(row) && (batch.length + 1) * paddedLength(row) <= batchTokens;
    if (batch.length > 0 && !fits) {
      yield batch;
      batch = [];
    }
    batch.push(row);
  }
  if (batch.length > 0) yield batch;
}

/** Rows filled up on the right: attention never looks there, and no weight is there. */
async function continuations(
  backend: ForwardBackend,
  rows: readonly Row[],
  window: number,
): Promise<Indexed<LogLikelihood>[]> {
  // All of one padded length.
  const length = Math.min(window, ...rows.map(paddedLength));
  const tokens = new Uint32Array(rows.length * length);
  const targets = new Uint32Array(rows.length * length);
  const weights = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    tokens.set(row.tokens.subarray(0, -1), i * length);
    targets.set(row.tokens.subarray(1), i * length);
    weights.fill(1, i * length + row.start - 1, i * length + row.tokens.length - 1);
  });
  const { negativeLogLikelihood } = await backend.evaluate({
    sequences: rows.length,
    length,
    tokens,
    targets,
    weights,
  });
  return rows.map(({ index, tokens, start }, i) => ({
    index,
    // One a row.
    sum: -(negativeLogLikelihood[i] as number),
    tokens: tokens.length - start,
  }));
}

/** Rows that end together, since the logits after their last token are asked for. */
async function lastTokens(
  backend: ForwardBackend,
  rows: readonly Row[],
  window: number,
): Promise<Indexed<LogLikelihood>[]> {
  const logits = await backend.logits(alignRight(rows.map(({ tokens }) => tokens), window), "last");
  const { vocabularySize } = backend.config;
  return rows.flatMap(({ last }, i) => {
    const own = logits.subarray(i * vocabularySize, (i + 1) * vocabularySize);
    const normaliser = logSumExp(own);
    // Ids are in the vocabulary.
    return (last ?? []).map(({ index, token }) => ({
      index,
      sum: (own[token] as number) - normaliser,
      tokens: 1,
    }));
  });
}

/** log Σ exp, in 64 bits. */
function logSumExp(logits: Float32Array): number {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}
