/**
 * Llama 3's tokenizer, exactly, and proxy vocabularies cut from it.
 *
 * Text is split into pieces by a regular expression, each piece becomes bytes, and the bytes merge by rank. The ranks are an
 * order of learning: the first K of them are a smaller tokenizer of the same kind, without training one.
 * Everything is TypeScript: it loads faster than a WASM tokenizer, needs no foreign memory, and is exact at any length.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { ByteLevelTokenizer, type Tokenizer } from "./byte_level.ts";
import { LLAMA3_RANKS, readLlama3Ranks } from "./ranks.ts";
import { LLAMA3_SPECIAL_TOKENS, PROXY_SPECIAL_TOKENS } from "./special.ts";

export type { Tokenizer };

/** Proxy vocabularies are at least this large: 256 bytes, the special tokens, and some merges. */
const MIN_PROXY_SIZE = 512;

/**
 * Opens a tokenizer by name: "llama3", with the 128,256 ids of Llama 3.1, or "llama3-N", a proxy of N entries in all
 * ("llama3-4096"): the first N − 5 ranks, then <|begin_of_text|>, <|end_of_text|>, <|start_header_id|>,
 * <|end_header_id|> and <|eot_id|>. Takes 0.1 to 0.2 s.
 *
 * A lone surrogate is encoded as U+FFFD; every other text comes back from `decode` as it was.
 *
 * @throws {UsageError} for any other name.
 *
 * @example
 * ```ts
 * import { openTokenizer } from "./tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-4096");
 * const ids = tokenizer.encode("Let x be a prime.");
 * assert.equal(tokenizer.decode(ids), "Let x be a prime.");
 * assert.equal(tokenizer.special.endOfTurn, 4095);
 * ```
 */
export async function openTokenizer(name: string): Promise<Tokenizer> {
  if (name === "llama3") {
    return new ByteLevelTokenizer(name, await readLlama3Ranks(LLAMA3_RANKS), LLAMA3_SPECIAL_TOKENS);
  }
  const size = Number(/^llama3-([1-9][0-9]{0,5})$/.exec(name)?.[1]);
  const ranks = size - PROXY_SPECIAL_TOKENS.length;
  if (!(size >= MIN_PROXY_SIZE && ranks < LLAMA3_RANKS)) {
    throw new UsageError(
      `Tokenizer "${name}" is unknown, expected "llama3" or "llama3-N" with N from ${MIN_PROXY_SIZE} to ${
        LLAMA3_RANKS + PROXY_SPECIAL_TOKENS.length - 1
      }.`,
    );
  }
  return new ByteLevelTokenizer(name, await readLlama3Ranks(ranks), PROXY_SPECIAL_TOKENS);
}
