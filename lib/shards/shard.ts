/**
 * The format of token shards: a directory of safetensors files and an index.json, which is written last.
 *
 * A file holds whole documents of one source, tokenised and concatenated:
 * - `tokens` [tokens], U16 where the vocabulary fits, else U32;
 * - `documents` [documents], U32: where each document starts.
 *
 * A document is beginOfText, its text, endOfText. The released loader of MobileLLM-R1 writes no end; but the published
 * models stop generating at endOfText, and a base model that never saw one would not stop. It costs one token a document.
 * @module
 */
import { z } from "zod";

/** Changes when older readers would misread the files. */
export const SHARD_FORMAT = 1;

/** Written last: a directory without it is unfinished. */
export const INDEX_FILE = "index.json";

/** Name of the n-th file of a directory. */
export function shardFileName(n: number): string {
  return `${String(n).padStart(5, "0")}.safetensors`;
}

/** Element type of the ids of a vocabulary. */
export function tokenDType(vocabularySize: number): "U16" | "U32" {
  return vocabularySize <= 0x10000 ? "U16" : "U32";
}

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What index.json holds. */
export const shardIndexFile = z.strictObject({
  format: z.literal(SHARD_FORMAT),
  source: z.string().min(1),
  /** Name of the tokenizer. */
  tokenizer: z.string().min(1),
  vocabularySize: count,
  /** Tokens of all files. */
  tokens: count,
  /** Documents of all files. */
  documents: count,
  shards: z.array(z.strictObject({
    file: z.string().regex(/^[0-9]{5}\.safetensors$/),
    tokens: count,
    documents: count,
    /** Hash of the file's tensors, tokens first. */
    sha256,
  })).min(1),
});

/** A directory of shards. */
export type ShardIndex = z.infer<typeof shardIndexFile>;

/** What a file's `__metadata__` says, so that it can be understood, and checked, without its index. */
export function shardMetadata(
  index: Pick<ShardIndex, "source" | "tokenizer">,
  shard: Pick<ShardIndex["shards"][number], "tokens" | "documents" | "sha256">,
): Record<string, string> {
  return {
    format: String(SHARD_FORMAT),
    source: index.source,
    tokenizer: index.tokenizer,
    tokens: String(shard.tokens),
    documents: String(shard.documents),
    sha256: shard.sha256,
  };
}
