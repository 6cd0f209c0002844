/**
 * A rank's share of a corpus: the sources follow one another, and each rank has as many documents in a row as any other, give or take one;
 * or as many bytes, give or take a file.
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

/** The slices of a rank, cut between batches alone: a score may depend on what it is found together with, to its last bits. */
export function batchesOf(
  sources: readonly { readonly name: string; readonly documents: number }[],
  batchSize: number,
  rank: number,
  ranks: number,
): Slice[] {
  const documents = new Map(sources.map((source) => [source.name, source.documents]));
  const batches = sources.map(({ name, documents }) => ({
    name,
    documents: Math.ceil(documents / batchSize),
  }));
  return slicesOf(batches, rank, ranks).map(({ source, first, end }) => ({
    source,
    first: first * batchSize,
    end: Math.min(end * batchSize, documents.get(source) ?? 0),
  }));
}

/**
 * The files of a rank: those whose middles lie in its share of all bytes.
 *
 * @param sources In the corpus's order.
 * @param rank 0 … ranks − 1.
 *
 * @example
 * ```ts
 * import { filesOf } from "./slice.ts";
 * import assert from "node:assert/strict";
 * const sources = [{ name: "a", files: [{ bytes: 6 }] }, { name: "b", files: [{ bytes: 1 }, { bytes: 1 }, { bytes: 4 }] }];
 * const bytes = (rank: number) => filesOf(sources, rank, 2).map(({ file }) => file.bytes);
 * assert.deepEqual([bytes(0), bytes(1)], [[6], [1, 1, 4]]);
 * ```
 */
export function filesOf<
  File extends { readonly bytes: number },
  Source extends { readonly files: readonly File[] },
>(
  sources: readonly Source[],
  rank: number,
  ranks: number,
): { readonly source: Source; readonly file: Source["files"][number] }[] {
  const all = sources.flatMap((source) => source.files.map((file) => ({ source, file })));
  const total = all.reduce((sum, { file }) => sum + file.bytes, 0);
  let before = 0;
  return all.filter(({ file: { bytes } }) => {
    const middle = total === 0 ? 0 : (before + bytes / 2) / total;
    before += bytes;
    return Math.min(ranks - 1, Math.floor(middle * ranks)) === rank;
  });
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
