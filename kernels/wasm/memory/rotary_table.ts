/**
 * The angles of RoPE.
 * @module
 */
import type { TransformerShape } from "../shape.ts";

/**
 * Cosines and signed sines of every position, laid out as assembly/rotary.ts reads them. Frequencies and angles are
 * rounded to float32, as the models were trained.
 */
export function rotaryTable(shape: TransformerShape, length: number): Float32Array {
  const { headSize, ropeTheta } = shape;
  const table = new Float32Array(length * 2 * headSize);
  for (let position = 0; position < length; position++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      const frequency = Math.fround(ropeTheta ** Math.fround(-2 * pair / headSize));
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
