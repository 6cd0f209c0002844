/**
 * A rank's share of a corpus: the sources follow one another, and each rank has as many documents in a row as any other, give or take one.
 * @module
 */

/** Documents first … end − 1 of a source. */
export interface Slice {
  readonly source: string;
  readonly first: number;
  readonly end: number;
}

/**
 * The slices of a rank; none of them is empty.
 *
 * @param sources In the corpus's order, with the number of their documents.
 * @param rank 0 … ranks − 1.
 *
 * @example
 * ```ts
 * import { slicesOf } from "./slice.ts";
 * import assert from "node:assert/strict";
 * const sources = [{ name: "a", documents: 3 }, { name: "b", documents: 5 }];
 * assert.deepEqual(slicesOf(sources, 0, 2), [{ source: "a", first: 0, end: 3 }, { source: "b", first: 0, end: 1 }]);
 * assert.deepEqual(slicesOf(sources, 1, 2), [{ source: "b", first: 1, end: 5 }]);
 * ```
 */
export function slicesOf(
  sources: readonly { readonly name: string; readonly documents: number }[],
  rank: number,
  ranks: number,
): Slice[] {
  const total = sources.reduce((sum, { documents }) => sum + documents, 0);
  const from = Math.floor(rank * total / ranks), to = Math.floor((rank + 1) * total / ranks);
  const slices: Slice[] = [];
  let before = 0;
  for (const { name, documents } of sources) {
    const first = Math.max(0, from - before), end = Math.min(documents, to - before);
    if (first < end) slices.push({ source: name, first, end });
    before += documents;
  }
  return slices;
}

/** Those of a stream that a slice names; the rest of it is not read. */
export async function* within<Item>(
  items: AsyncIterable<Item>,
  { first, end }: Pick<Slice, "first" | "end">,
): AsyncGenerator<Item> {
  let number = 0;
  for await (const item of items) {
    if (number >= first) yield item;
    if (++number >= end) return;
  }
}
