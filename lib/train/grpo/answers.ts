/**
 * Answers of a policy to prompts, and what they earn.
 * @module
 */
import type { DecodeBackend } from "../../backends/decode.ts";
import { meanOf } from "../../core/statistics.ts";
import { generateAll, type GenerationRequest } from "../../generate/generator.ts";

/** A question with what its answers are judged by. */
export interface Prompt {
  readonly tokens: Uint32Array;
  /** The right answer. */
  readonly gold: string;
}

/** Rule-based reward of a text that answers a prompt; 1 for a right answer. */
export type Reward = (text: string, gold: string) => number | Promise<number>;

/** How a policy is asked. */
export interface Asking {
  /** Ends an answer; the policy is to learn to write it. */
  readonly stopToken: number;
  readonly maxNewTokens: number;
  readonly decode: (tokens: Uint32Array) => string;
  readonly reward: Reward;
}

/** What the policy wrote. */
export interface Answer {
  /** With the stop token, where one ended it. */
  readonly tokens: Uint32Array;
  readonly text: string;
  readonly reward: number;
  /** Whether a stop token ended it. */
  readonly stopped: boolean;
}

/**
 * One answer to each prompt, in their order.
 *
 * @param seeds Of each prompt's stream of draws; absent: the likeliest token each time.
 */
export async function answerAll(
  decoder: DecodeBackend,
  prompts: readonly Prompt[],
  { stopToken, maxNewTokens, decode, reward }: Asking,
  options: {
    readonly temperature: number;
    readonly seeds?: readonly number[];
    readonly signal?: AbortSignal;
  },
): Promise<Answer[]> {
  const requests = prompts.map(({ tokens }, i): GenerationRequest => ({
    prompt: tokens,
    sampling: { temperature: options.seeds === undefined ? 0 : options.temperature },
    seed: options.seeds?.[i] ?? 0,
    maxNewTokens,
    stopTokens: [stopToken],
  }));
  const answers: Answer[] = new Array(prompts.length);
  const generation = options.signal === undefined ? {} : { signal: options.signal };
  for await (const { index, tokens, finish } of generateAll(decoder, requests, generation)) {
    const stopped = finish === "stop";
    const text = decode(tokens);
    answers[index] = {
      tokens: stopped ? Uint32Array.of(...tokens, stopToken) : tokens,
      text,
      reward: await reward(text, prompts[index]?.gold ?? ""),
      stopped,
    };
  }
  return answers;
}

/** Mean reward and mean length in tokens of the likeliest answers. */
export async function score(
  decoder: DecodeBackend,
  prompts: readonly Prompt[],
  asking: Asking,
): Promise<{ accuracy: number; meanLength: number }> {
  const answers = await answerAll(decoder, prompts, asking, { temperature: 0 });
  return {
    accuracy: meanOf(answers.map(({ reward }) => reward)),
    meanLength: meanOf(answers.map(({ tokens }) => tokens.length)),
  };
}
