/**
 * How well a decoder predicts text: what quantisation costs is measured where it acts, activations included.
 * @module
 */
import type { DecodeBackend } from "../backends/decode.ts";
import { UsageError } from "../core/errors.ts";

/**
 * Mean negative log-likelihood, in nats, of every token of the windows but the first of each; the perplexity is e to that
 * power. Windows are read side by side, one token of each at a time.
 *
 * @param windows At least one; none longer than the decoder's capacity.
 * @throws {UsageError} where no window has a token to predict.
 */
export async function decoderNegativeLogLikelihood(
  decoder: DecodeBackend,
  windows: readonly Uint32Array[],
  signal?: AbortSignal,
): Promise<number> {
  let total = 0, count = 0;
  for (let from = 0; from < windows.length; from += decoder.slots) {
    const beside = windows.slice(from, from + decoder.slots);
    for (let slot = 0; slot < decoder.slots; slot++) decoder.truncate(slot, 0);
    const longest = Math.max(...beside.map((window) => window.length));
    for (let position = 0; position + 1 < longest; position++) {
      signal?.throwIfAborted();
      const reading = beside.flatMap((window, slot) =>
        position + 1 < window.length ? [{ slot, tokens: window.subarray(position, position + 1) }] : []
      );
      await decoder.prefill(reading);
      for (const { slot } of reading) {
        const target = beside[slot]?.[position + 1] ?? NaN;
        total += negativeLogLikelihood(await decoder.logits(slot), target);
        count++;
      }
    }
  }
  if (count === 0) throw new UsageError("The text has no token to predict, expected at least two tokens.");
  return total / count;
}

/** −log softmax(logits)[target]. */
function negativeLogLikelihood(logits: Float32Array, target: number): number {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i] as number);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - largest);
  return Math.log(sum) + largest - (logits[target] ?? NaN);
}
