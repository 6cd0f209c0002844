/**
 * What every decoder refuses.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { parameterCount } from "../model/config.ts";
import type { DecodeBackend, DecodeOptions, Draw, Prefill } from "./decode.ts";
import { checkSamplingSettings } from "./sample.ts";

/** @throws {UsageError} for a number of slots or a capacity that is none. */
export function checkSlots({ slots, capacity }: DecodeOptions): void {
  for (const [name, value] of Object.entries({ slots, capacity })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UsageError(`Decoder: ${name} is ${value}, expected a whole number above 0.`);
    }
  }
}

/** @throws {UsageError} as `DecodeBackend.prefill` says. */
export function checkPrefill(decoder: DecodeBackend, prompts: readonly Prefill[]): void {
  const { capacity, config: { vocabularySize } } = decoder;
  checkDistinct(prompts);
  for (const { slot, tokens } of prompts) {
    const length = decoder.length(slot);
    if (tokens.length === 0 || length + tokens.length > capacity) {
      throw new UsageError(
        `Slot ${slot} is to take ${tokens.length} tokens, expected 1 to ${capacity - length}: ` +
          `it holds ${length} of ${capacity}.`,
      );
    }
    const strange = tokens.find((token) => token >= vocabularySize);
    if (strange !== undefined) {
      throw new UsageError(`Token id is ${strange}, expected 0 … ${vocabularySize - 1}.`);
    }
  }
}

/**
 * @param ready Whether a slot's logits are those after its last token.
 * @throws {UsageError} as `DecodeBackend.decode` says, or for uniform numbers that are missing or none.
 */
export function checkDraws(
  decoder: DecodeBackend,
  draws: readonly Draw[],
  steps: number,
  ready: (slot: number) => boolean,
): void {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new UsageError(`steps is ${steps}, expected a whole number above 0.`);
  }
  checkDistinct(draws);
  for (const { slot, sampling, uniforms } of draws) {
    checkSamplingSettings(sampling);
    const length = decoder.length(slot);
    if (length === 0 || !ready(slot)) {
      throw new UsageError(`Slot ${slot} has no logits to draw from, expected a prefill before.`);
    }
    if (length + steps > decoder.capacity) {
      throw new UsageError(
        `Slot ${slot} is to take ${steps} tokens, expected at most ${decoder.capacity - length}: ` +
          `it holds ${length} of ${decoder.capacity}.`,
      );
    }
    if (sampling.temperature === 0) continue;
    const fit = uniforms.length === steps && uniforms.every((value) => value >= 0 && value < 1);
    if (!fit) throw new UsageError(`Slot ${slot}: expected ${steps} uniform numbers from 0 to below 1.`);
  }
}

/**
 * @param packed Whether the decoder was opened with 4-bit weights.
 * @throws {UsageError} as `DecodeBackend.load` says.
 */
export function checkLoad({ config }: DecodeBackend, packed: boolean, weights: Float32Array): void {
  if (packed) {
    throw new UsageError("The decoder has 4-bit weights; it cannot load float32 ones, open another one.");
  }
  const count = parameterCount(config);
  if (weights.length !== count) {
    throw new UsageError(`The decoder is to load ${weights.length} weights, expected the config's ${count}.`);
  }
}

function checkDistinct(slots: readonly { readonly slot: number }[]): void {
  const seen = new Set<number>();
  for (const { slot } of slots) {
    if (seen.has(slot)) throw new UsageError(`Slot ${slot} is named twice in one call.`);
    seen.add(slot);
  }
}
