/**
 * A judge for Ask-LLM on servers that speak OpenAI's chat completions (vLLM, llama.cpp, a hosted service).
 * @module
 */
import { join } from "node:path";
import { fingerprint } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { ServerPool, type ServerSettings } from "../core/server_pool.ts";
import type { Document } from "../sources/document.ts";
import { AppendLog } from "./append_log.ts";
import type { Judge, Judgement } from "./ask_llm.ts";
import { judgingQuestion } from "./chat_request.ts";
import type { Prompt } from "./prompt.ts";

/** Where the servers are, and how they are asked. */
export interface ServerJudgeSettings extends ServerSettings {
  /** Documents are cut to their first so many characters (UTF-16 units). */
  readonly documentCharacters: number;
  /** Every answer is kept here; the same question is never asked again. */
  readonly cacheDirectory: string;
}

/** Where to begin; what a server bears is its own affair. */
export const SERVER_JUDGE = {
  concurrency: 8,
  documentCharacters: 8000,
  retries: 6,
  retryDelay: 1000,
  timeout: 120_000,
} as const satisfies Partial<ServerJudgeSettings>;

/** What a price list has, in any currency, per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

/** What judging would take. */
export interface RequestEstimate {
  /** Documents without a cached answer. */
  readonly requests: number;
  /** At 4 characters a token. */
  readonly inputTokens: number;
  /** One a request. */
  readonly outputTokens: number;
  /** In the currency of the prices. */
  readonly price: number;
}

/** Of English text in most tokenizers; estimates rest on it. */
const CHARACTERS_PER_TOKEN = 4;

/** Batches are larger than the number of requests at once, so that few slots stand empty at their ends. */
const BATCHES_PER_SLOT = 8;

type CacheEntry = Judgement & { readonly id: string };

/** The answers to one prompt. */
interface Cache {
  readonly log: AppendLog<CacheEntry>;
  /** By the documents' ids. */
  readonly known: Map<string, Judgement>;
}

/** As the catalogue's table `documents` has it. */
interface DocumentLength {
  readonly id: string;
  /** UTF-16 units. */
  readonly characters: number;
}

/** A judge that can say beforehand what it will cost. Its end puts the answers that it keeps in order. */
export interface ServerJudge extends Judge, AsyncDisposable {
  /**
   * What judging these documents would take; those judged before cost nothing.
   */
  estimate(
    prompt: Prompt,
    documents: Iterable<DocumentLength> | AsyncIterable<DocumentLength>,
    prices: TokenPrices,
  ): Promise<RequestEstimate>;
}

/**
 * The judge. Its errors: {@link UsageError} where a server refuses the request (a wrong key, model or address) or gives no
 * log-probabilities; `RunError` where a request fails for good. Answers up to then are in the cache.
 *
 * @throws {UsageError} for a setting out of range.
 */
export function createServerJudge(settings: ServerJudgeSettings): ServerJudge {
  const { model, documentCharacters, cacheDirectory } = settings;
  if (!Number.isSafeInteger(documentCharacters) || documentCharacters < 1) {
    throw new UsageError(`documentCharacters is ${documentCharacters}, expected a whole number above 0.`);
  }
  const pool = new ServerPool("judge", settings);
  const name = `${pool.name}, first ${documentCharacters} characters`;

  /** By the prompt's hash; read once. */
  const caches = new Map<string, Promise<Cache>>();
  const cacheOf = (prompt: Prompt) => {
    const cache = caches.get(prompt.hash) ?? openCache(cacheDirectory, name, prompt);
    caches.set(prompt.hash, cache);
    return cache;
  };

  return {
    name,
    batchSize: pool.slots * BATCHES_PER_SLOT,
    async judge(prompt, documents, signal) {
      const { log, known } = await cacheOf(prompt);
      const stop = new AbortController();
      const signals = AbortSignal.any(signal === undefined ? [stop.signal] : [signal, stop.signal]);
      const ask = async (document: Document): Promise<Judgement> => {
        try {
          const content = question(prompt, document, documentCharacters);
          const judgement = await pool.ask(
            judgingQuestion(model, `document ${document.id}`, content),
            signals,
          );
          log.append([{ id: document.id, ...judgement }]);
          known.set(document.id, judgement);
          return judgement;
        } catch (error) {
          // What fails for good for one document would fail for the others.
          stop.abort(error);
          throw error;
        }
      };
      // A document that comes twice is asked about once.
      const asked = new Map(documents.map((document) => [document.id, document]));
      await Promise.allSettled([...asked.values()].filter(({ id }) => !known.has(id)).map(ask));
      signals.throwIfAborted();
      // All are known: a failure aborts.
      return documents.map(({ id }) => known.get(id) as Judgement);
    },
    async estimate(prompt, documents, prices) {
      const { known } = await cacheOf(prompt);
      let requests = 0, characters = 0;
      for await (const document of documents) {
        if (known.has(document.id)) continue;
        requests++;
        characters += prompt.before.length + Math.min(document.characters, documentCharacters) +
          prompt.after.length;
      }
      const inputTokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
      return {
        requests,
        inputTokens,
        outputTokens: requests,
        price: (inputTokens * prices.input + requests * prices.output) / 1e6,
      };
    },
    // Answers come in no order of their own: two runs are to leave the same bytes.
    async [Symbol.asyncDispose]() {
      for (const cache of caches.values()) await (await cache).log.sort(({ id }) => id);
    },
  };
}

async function openCache(directory: string, judge: string, prompt: Prompt): Promise<Cache> {
  const header = { judge, prompt: prompt.hash };
  const path = join(directory, `${fingerprint(header).slice(0, 16)}.jsonl`);
  const log = await AppendLog.open<CacheEntry>(path, header);
  const known = new Map<string, Judgement>();
  for await (const { id, one, zero } of log.entries()) known.set(id, { one, zero });
  return { log, known };
}

/** The message: lone surrogates, which JSON cannot carry to every server, become U+FFFD. */
function question(prompt: Prompt, { text }: Document, characters: number): string {
  return `${prompt.before}${text.slice(0, characters).toWellFormed()}${prompt.after}`;
}
