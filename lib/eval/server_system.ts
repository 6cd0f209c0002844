/**
 * A model behind servers that speak OpenAI's protocol: chats by /chat/completions, continuations and log-likelihoods by /completions
 * (vLLM, llama.cpp). Log-likelihoods need `echo` with `logprobs`, which hosted services rarely offer.
 * @module
 */
import type { OpenAI } from "openai";
import pLimit from "p-limit";
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { ServerPool, type ServerSettings } from "../core/server_pool.ts";
import { BrokenAnswer } from "../core/server_request.ts";
import {
  type Answer,
  type AnswerRequest,
  cutAtStop,
  type Indexed,
  type LogLikelihood,
  type LogLikelihoodRequest,
  type System,
} from "./system.ts";

/** Where to begin; what a server bears is its own affair. */
export const SERVER = { concurrency: 16, retries: 6, retryDelay: 1000, timeout: 600_000 } as const;

/** Most stop texts that the protocol allows; the answer is cut at all of them here. */
const STOPS_SENT = 4;

const finish = z.string().nullish();
const usage = z.object({ completion_tokens: z.number() }).nullish();
const chatAnswer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: finish }))
    .min(1),
  usage,
});
const textAnswer = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: finish })).min(1),
  usage,
});
const echoed = z.object({
  choices: z.array(z.object({
    logprobs: z.object({
      token_logprobs: z.array(z.number().nullable()),
      text_offset: z.array(z.number()),
    }).nullish(),
  })).min(1),
});

/** The system. @throws {UsageError} where an address is none, or a setting is out of range. */
export function serverSystem(settings: ServerSettings): System {
  const { model } = settings;
  const pool = new ServerPool("model", settings);
  return {
    name: pool.name,
    logLikelihoods: (requests, signal) =>
      inParallel(requests, pool.slots, signal, (request, index, stop) =>
        pool.ask({
          subject: `request ${index + 1}`,
          request: (client, signal) =>
            client.completions.create({
              model,
              prompt: request.context + request.continuation,
              // Some servers refuse to write nothing: the one token is left out of the sum.
              max_tokens: 1,
              temperature: 0,
              echo: true,
              logprobs: 1,
            }, { signal }),
          read: (answer, who) => likelihoodOf(who, request, answer),
        }, stop)),
    answers: (requests, signal) =>
      inParallel(requests, pool.slots, signal, (request, index, stop) =>
        pool.ask({
          subject: `request ${index + 1}`,
          request: (client, signal) => ask(client, model, request, signal),
          read: (answer) => answerOf(request, answer),
        }, stop)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function ask(client: OpenAI, model: string, request: AnswerRequest, signal: AbortSignal): Promise<unknown> {
  const { prompt, stop, maxNewTokens, sampling: { temperature, topP }, seed } = request;
  const shared = {
    model,
    temperature,
    seed,
    ...(topP !== undefined && { top_p: topP }),
    ...(stop.length > 0 && { stop: stop.slice(0, STOPS_SENT) }),
  };
  if ("text" in prompt) {
    return client.completions.create({ ...shared, prompt: prompt.text, max_tokens: maxNewTokens }, {
      signal,
    });
  }
  const messages = [...prompt.messages];
  return client.chat.completions.create({ ...shared, messages, max_tokens: maxNewTokens }, { signal });
}

function answerOf({ prompt, stop }: AnswerRequest, answer: unknown): Answer {
  const [text, rest] = "text" in prompt
    ? partsOf(textAnswer.safeParse(answer).data, ({ text }) => text)
    : partsOf(chatAnswer.safeParse(answer).data, ({ message }) => message.content ?? "");
  return { text: cutAtStop(text, stop), ...rest };
}

function partsOf<Choice extends { finish_reason?: string | null | undefined }>(
  answer: { choices: Choice[]; usage?: z.infer<typeof usage> } | undefined,
  textOf: (choice: Choice) => string,
): [string, Omit<Answer, "text">] {
  const [choice] = answer?.choices ?? [];
  if (choice === undefined) throw new BrokenAnswer("the answer is no completion");
  return [textOf(choice), {
    tokens: answer?.usage?.completion_tokens ?? null,
    finish: choice.finish_reason === "length" ? "length" : "stop",
  }];
}

/** Σ log p of the tokens that begin within the continuation. */
function likelihoodOf(
  who: string,
  { context, continuation }: LogLikelihoodRequest,
  answer: unknown,
): LogLikelihood {
  const parsed = echoed.safeParse(answer);
  if (!parsed.success) throw new BrokenAnswer("the answer is no completion");
  const logprobs = parsed.data.choices[0]?.logprobs;
  if (logprobs === undefined || logprobs === null) {
    throw new UsageError(
      `${who} does not echo log-probabilities (echo, logprobs), which this benchmark is scored by.`,
    );
  }
  // Offsets count code points. Spaces at the context's end belong to the continuation.
  const from = [...context.trimEnd()].length, to = [...context, ...continuation].length;
  const own = logprobs.token_logprobs.filter((_, i) => {
    const offset = logprobs.text_offset[i] ?? -1;
    return offset >= from && offset < to;
  });
  if (own.length === 0 || own.includes(null)) {
    throw new BrokenAnswer("tokens of the continuation have no log-probability");
  }
  return { sum: own.reduce<number>((sum, value) => sum + (value ?? 0), 0), tokens: own.length };
}

/** Sends requests, some at once; results come as they are ready. The first failure stops the others. */
async function* inParallel<Request, Result>(
  requests: readonly Request[],
  concurrency: number,
  signal: AbortSignal,
  send: (request: Request, index: number, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Indexed<Result>> {
  const limit = pLimit(concurrency);
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const { readable, writable } = new TransformStream<Indexed<Result>, Indexed<Result>>();
  const writer = writable.getWriter();
  const work = Promise.all(requests.map((request, index) =>
    limit(async () => {
      stopped.throwIfAborted();
      const result = await send(request, index, stopped);
      await writer.write({ ...result, index });
    })
  )).then(() => writer.close(), (error) => {
    stop.abort(error);
    return writer.abort(error);
  });
  try {
    yield* readable;
  } finally {
    // Whoever stops listening stops the requests.
    stop.abort(new DOMException("No longer wanted", "AbortError"));
    await work.catch(() => {});
  }
}
