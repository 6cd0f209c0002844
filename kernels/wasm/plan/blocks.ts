/**
 * Ranges cut into blocks.
 * @module
 */
import { roundUp } from "../memory/arena.ts";

/** A run of rows (or columns, or parameters). */
export interface Block {
  readonly from: number;
  readonly count: number;
}

/** 0 … count, cut into blocks of `size`; the last one may be shorter. */
export function blocks(count: number, size: number): Block[] {
  return Array.from(
    { length: Math.ceil(count / size) },
    (_, i) => ({ from: i * size, count: Math.min(size, count - i * size) }),
  );
}

/** 0 … count, cut into equal blocks of at most `most`, each a multiple of `multiple` but the last. */
export function evenBlocks(count: number, most: number, multiple: number): Block[] {
  const parts = Math.ceil(count / most);
  return blocks(count, roundUp(count / parts, multiple));
}
