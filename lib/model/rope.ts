/**
 * The frequencies of RoPE.
 * @module
 */
import type { ModelConfig } from "./config.ts";

/**
 * Angle from one position to the next of each pair of a head's elements [headSize / 2]: theta^(−2i/headSize), stretched by
 * `ropeScaling`; rounded to float32 where transformers rounds: at position 2000 a last bit is 10⁻⁴ in a logit.
 *
 * @example
 * ```ts
 * import { ropeFrequencies } from "./rope.ts";
 * import assert from "node:assert/strict";
 * const scaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 };
 * const model = { headSize: 4, ropeTheta: 1e12, ropeScaling: scaling };
 * // The first pair turns often enough to stay; the second turns once in 6 million positions and is slowed down.
 * assert.deepEqual(ropeFrequencies(model), Float32Array.of(1, 1e-6 / 8));
 * ```
 */
export function ropeFrequencies(
  { headSize, ropeTheta, ropeScaling }: Pick<ModelConfig, "headSize" | "ropeTheta" | "ropeScaling">,
): Float32Array {
  return Float32Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround(2 * i / headSize)));
    if (ropeScaling === null) return frequency;
    const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = ropeScaling;
    const turns = originalMaxPositions * frequency / (2 * Math.PI);
    const share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    const kept = Math.min(1, Math.max(0, share));
    return frequency * (kept + (1 - kept) / factor);
  });
}
