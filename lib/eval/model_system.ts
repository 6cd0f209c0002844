/**
 * A model of our own as a system: log-likelihoods by a `ForwardBackend`, answers by a decoder, each opened when it is first needed.
 * @module
 */
import type { ForwardBackend } from "../backends/backend.ts";
import { openForward } from "../backends/open.ts";
import { openDecoder } from "../backends/open_decoder.ts";
import { sha256 } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { generateAll, type GenerationRequest } from "../generate/generator.ts";
import { stopAtText } from "../generate/stop_texts.ts";
import type { Model } from "../model/checkpoint.ts";
import { dequantiseModel } from "../model/quantise.ts";
import type { QuantisedModel } from "../model/quantisation.ts";
import { encodePrompt } from "../tokenizer/chat.ts";
import type { ChatTemplate } from "../tokenizer/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { logLikelihoods } from "./log_likelihoods.ts";
import {
  type Answer,
  type AnswerRequest,
  cutAtStop,
  type Indexed,
  type Prompt,
  type System,
} from "./system.ts";

/** How a model is run. */
export interface ModelSystemSettings {
  readonly backend: "wasm" | "webgpu";
  /** Most tokens that the model sees, prompt and answer together; absent: its maxPositions. */
  readonly window?: number;
  /** Most tokens of a batch of log-likelihoods. */
  readonly batchTokens: number;
  /** Answers written side by side. */
  readonly slots: number;
}

/**
 * A model as a system. Its name has the hash of its weights, so that answers of one checkpoint are never taken for another's.
 *
 * A packed model writes with packed weights and rounded activations; log-likelihoods are those of the weights that it stands
 * for, with activations as they are.
 *
 * @throws {UsageError} where the tokenizer has another vocabulary than the model, or the window does not fit it.
 */
export function modelSystem(
  name: string,
  model: Model | QuantisedModel,
  tokenizer: Tokenizer,
  template: ChatTemplate,
  settings: ModelSystemSettings,
): System {
  const { config } = model;
  const { window = config.maxPositions, batchTokens } = settings;
  if (tokenizer.vocabularySize !== config.vocabularySize) {
    throw new UsageError(
      `Tokenizer ${tokenizer.name} has ${tokenizer.vocabularySize} ids, the model ${name} ${config.vocabularySize}.`,
    );
  }
  if (!Number.isSafeInteger(window) || window < 2 || window > config.maxPositions) {
    throw new UsageError(`The window is ${window}, expected 2 to the model's ${config.maxPositions}.`);
  }
  let backend: Promise<ForwardBackend> | undefined;
  const { weights } = "weights" in model ? model : dequantiseModel(model);
  const hash = sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)).slice(0, 16);
  return {
    name: `${name} ${hash}${packing(model)}, ${tokenizer.name}, window ${window}`,
    async *logLikelihoods(requests, signal) {
      backend ??= openForward(settings.backend, config, weights, { blas: "off" });
      yield* logLikelihoods(await backend, tokenizer, requests, { batchTokens, window }, signal);
    },
    answers: (requests, signal) =>
      answers(model, tokenizer, template, { ...settings, window }, requests, signal),
    async [Symbol.asyncDispose]() {
      await (await backend)?.[Symbol.asyncDispose]();
    },
  };
}

/** What a packed model's weights do not tell. */
function packing(model: Model | QuantisedModel): string {
  return "weights" in model ? "" : `, 4-bit weights, ${model.activationBits === 8 ? 8 : 32}-bit activations`;
}

async function* answers(
  model: Model | QuantisedModel,
  tokenizer: Tokenizer,
  template: ChatTemplate,
  { backend, window, slots }: ModelSystemSettings & { readonly window: number },
  requests: readonly AnswerRequest[],
  signal: AbortSignal,
): AsyncGenerator<Indexed<Answer>> {
  if (requests.length === 0) return;
  const { endOfText, endOfTurn, beginOfText } = tokenizer.special;
  const encoded = requests.map(({ prompt, sampling, seed, maxNewTokens, stop }): GenerationRequest => {
    const { tokens, room } = fit(encode(prompt, tokenizer, template), maxNewTokens, window);
    return {
      prompt: tokens,
      sampling,
      seed,
      maxNewTokens: room,
      stopTokens: [endOfText, endOfTurn, beginOfText],
      ...(stop.length > 0 && { stopAfter: stopAtText(tokenizer, stop) }),
    };
  });
  const capacity = Math.max(...encoded.map(({ prompt, maxNewTokens }) => prompt.length + maxNewTokens));
  await using decoder = await openDecoder(backend, model, {
    slots: Math.min(slots, requests.length),
    capacity,
  });
  for await (const { index, tokens, finish } of generateAll(decoder, encoded, { signal })) {
    const whole = tokenizer.decode(tokens);
    const text = cutAtStop(whole, requests[index]?.stop ?? []);
    yield {
      index,
      text,
      tokens: tokens.length,
      finish: finish === "stop" || text.length < whole.length ? "stop" : "length",
    };
  }
}

function encode(prompt: Prompt, tokenizer: Tokenizer, template: ChatTemplate): Uint32Array {
  return "text" in prompt
    ? Uint32Array.of(tokenizer.special.beginOfText, ...tokenizer.encode(prompt.text))
    : encodePrompt(prompt.messages, tokenizer, template);
}

/**
 * Makes room for an answer: a prompt that is too long loses its beginning, as in lm-eval, but keeps half of the window at least.
 *
 * @returns The prompt's tokens, and how many may follow.
 */
export function fit(
  prompt: Uint32Array,
  maxNewTokens: number,
  window: number,
): { readonly tokens: Uint32Array; readonly room: number } {
  const kept = Math.max(window - maxNewTokens, Math.ceil(window / 2));
  const tokens = prompt.length > kept ? prompt.slice(-kept) : prompt;
  return { tokens, room: Math.min(maxNewTokens, window - tokens.length) };
}
