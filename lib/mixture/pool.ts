/**
 * The pool of mid-training: documents of token shards, held in memory.
 * @module
 */
import { Random } from "../core/random.ts";
import type { Shards } from "../shards/reader.ts";

/** A document of the pool. */
export interface PoolDocument {
  readonly source: string;
  /** Its number in the shards. */
  readonly number: number;
  /** Its tokens, beginOfText and endOfText included. */
  readonly tokens: Uint32Array;
}

/**
 * Documents of a source, in its order: all, or a random sample.
 *
 * @param limit Documents at most; null: all.
 */
export function poolOf(shards: Shards, limit: number | null, seed: number): PoolDocument[] {
  const tokens = shards.read(0, shards.tokens), numbers = shards.documentsOf(0, shards.tokens);
  const documents: PoolDocument[] = [];
  for (let from = 0, to = 1; to <= tokens.length; to++) {
    if (to < tokens.length && numbers[to] === numbers[from]) continue;
    documents.push({ source: shards.source, number: documents.length, tokens: tokens.slice(from, to) });
    from = to;
  }
  if (limit === null || documents.length <= limit) return documents;
  return Random.of(seed, "pool", shards.source).shuffled(documents).slice(0, limit)
    .sort((a, b) => a.number - b.number);
}
