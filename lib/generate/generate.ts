/**
 * Text from a model, token by token: every token by a full forward pass, over all prompts at once.
 * @module
 */
import type { TrainBackend } from "../backends/backend.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { checkSamplingSettings, sampleToken, type SamplingSettings } from "./sample.ts";

/** How to go on from a prompt. */
export interface GenerationSettings extends SamplingSettings {
  readonly seed: number;
  /** Most new tokens per prompt. */
  readonly maxNewTokens: number;
  /** Tokens that end a text; they are not part of it. */
  readonly stopTokens: readonly number[];
  /** Most tokens that the model sees: the last ones. Absent: the model's maxPositions. */
  readonly window?: number;
}

/** Lengths are rounded up to a multiple of this, since a backend plans anew for every shape. */
const LENGTH_STEP = 32;

/**
 * Continues every prompt. The same model, prompts and settings give the same tokens on the same machine; the i-th
 * prompt draws from its own stream, whatever the others do.
 *
 * @returns The new tokens of each prompt; fewer than `maxNewTokens` only where a stop token came.
 * @throws {UsageError} for an empty prompt or a setting out of range.
 */
export async function generate(
  backend: TrainBackend,
  prompts: readonly Uint32Array[],
  settings: GenerationSettings,
): Promise<Uint32Array[]> {
  const { seed, maxNewTokens, stopTokens, window = backend.config.maxPositions } = settings;
  checkSamplingSettings(settings);
  for (const [name, value] of Object.entries({ maxNewTokens, window })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UsageError(`${name} is ${value}, expected a whole number above 0.`);
    }
  }
  const empty = prompts.findIndex((prompt) => prompt.length === 0);
  if (empty >= 0) throw new UsageError(`Prompt ${empty + 1} is empty, expected at least one token.`);

  const texts = prompts.map((prompt, i) => ({
    tokens: [...prompt],
    start: prompt.length,
    random: Random.of(seed, "generate", i),
  }));
  let running = texts;
  for (let i = 0; i < maxNewTokens && running.length > 0; i++) {
    const logits = await lastLogits(backend, running.map(({ tokens }) => tokens.slice(-window)), window);
    const { vocabularySize } = backend.config;
    const goingOn: typeof running = [];
    running.forEach((text, row) => {
      const own = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
      const token = sampleToken(own, settings, text.random.uniform(i));
      if (stopTokens.includes(token)) return;
      text.tokens.push(token);
      goingOn.push(text);
    });
    running = goingOn;
  }
  return texts.map(({ tokens, start }) => Uint32Array.from(tokens.slice(start)));
}

/**
 * Logits after the last token of each text [texts × V]. Texts are filled up on the left, as another document: attention
 * never reaches it, and rotary positions are relative.
 */
function lastLogits(
  backend: TrainBackend,
  texts: readonly number[][],
  window: number,
): Promise<Float32Array> {
  const longest = Math.max(...texts.map((text) => text.length));
  const length = Math.min(window, Math.ceil(longest / LENGTH_STEP) * LENGTH_STEP);
  const tokens = new Uint32Array(texts.length * length);
  const documents = new Uint32Array(texts.length * length);
  texts.forEach((text, row) => {
    const end = (row + 1) * length;
    tokens.set(text, end - text.length);
    documents.fill(1, end - text.length, end);
  });
  return backend.logits({ sequences: texts.length, length, tokens, documents }, "last");
}
