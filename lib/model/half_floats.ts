/**
 * 32-bit floats as 16-bit ones, rounded to the nearest, ties to even, as PyTorch does.
 * @module
 */

/**
 * The upper halves of the floats, rounded: bfloat16.
 *
 * @example
 * ```ts
 * import { toBfloat16 } from "./half_floats.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(toBfloat16(Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8)), Uint16Array.of(0x3f80, 0x3f80, 0x3f82));
 * ```
 */
export function toBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(words.length);
  // A loop: `Uint16Array.from` with a function takes thirty times as long.
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    // The carry of a NaN's lower bits could make it a number; one of its upper bits is set instead.
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

/** IEEE half precision. @throws {RangeError} where a finite value exceeds its range of ±65504, giving the value. */
export function toFloat16(values: Float32Array): Float16Array {
  const halves = new Float16Array(values);
  for (let i = 0; i < halves.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(halves[i]) && Number.isFinite(value)) {
      throw new RangeError(`${value} exceeds the range of float16, ±65504`);
    }
  }
  return halves;
}
