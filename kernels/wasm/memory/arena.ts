/**
 * The address space of a 32-bit module, and how it is handed out.
 * @module
 */

/** A 32-bit module addresses 4 GiB. */
export const MEMORY_LIMIT = 2 ** 32;

export const PAGE_BYTES = 65536;

/** The model and the batch need more than a 32-bit module addresses. */
export class MemoryLimitError extends Error {
  override readonly name = "MemoryLimitError";
}

/** The next multiple. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Hands out 64-byte aligned places, one after another. */
export class Arena {
  constructor(public end: number) {}

  bytes(size: number): number {
    const place = this.end;
    this.end += roundUp(size, 64);
    return place;
  }

  floats(count: number): number {
    return this.bytes(4 * count);
  }
}
