/**
 * The angles of RoPE.
 * @module
 */
import type { TransformerShape } from "../shape.ts";

/** Angle from one position to the next of each pair [headSize / 2]. */
export function rotaryFrequencies(shape: TransformerShape): Float32Array {
  return Float32Array.from({ length: shape.headSize / 2 }, (_, pair) => frequencyOf(shape, pair));
}

/** That of a pair: 1/theta^(2·pair/headSize), rounded as PyTorch does, stretched where the model says so. */
function frequencyOf({ headSize, ropeTheta, ropeScaling }: TransformerShape, pair: number): number {
  const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround(2 * pair / headSize)));
  if (ropeScaling === null) return frequency;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = ropeScaling;
  // Turns in the original context: many stay as they are, few are slowed down by the factor.
  const turns = originalMaxPositions * frequency / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return frequency * (kept + (1 - kept) / factor);
}

/**
 * Cosines and signed sines of every position, laid out as assembly/rotary.ts reads them. Frequencies and angles are
 * rounded to float32, as the models were trained.
 */
export function rotaryTable(shape: TransformerShape, length: number): Float32Array {
  const { headSize } = shape;
  const frequencies = rotaryFrequencies(shape);
  const table = new Float32Array(length * 2 * headSize);
  for (let position = 0; position < length; position++) {
    for (const [pair, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency);
      // Four elements, two pairs, take eight floats: their cosines, then their sines.
      const at = (position * headSize + 4 * (pair >> 1)) * 2 + 2 * (pair & 1);
      table[at] = table[at + 1] = Math.cos(angle);
      table[at + 4] = -Math.sin(angle);
      table[at + 5] = Math.sin(angle);
    }
  }
  return table;
}
