/**
 * Rows: the positions that a pass computes, each a token at a place in a slot's cache. A decoding step has a row for each
 * slot that goes on, a prefill a row for each token.
 * @module
 */

/** Where each entry of a row stands; a row is a vec4<u32>. */
export const ROW = { token: 0, slot: 1, position: 2, step: 3 } as const;

/** Entries of a row. */
export const ROW_LENGTH = 4;

/** The slot of a row that only fills a plan up: it is computed like the others and stored nowhere. */
export const NO_SLOT = 0xffffffff;
