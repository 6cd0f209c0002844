/**
 * From documents to token shards.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { exists, writeJson } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { writeSafetensors } from "../core/safetensors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import {
  INDEX_FILE,
  SHARD_FORMAT,
  shardFileName,
  type ShardIndex,
  shardMetadata,
  tokenDType,
} from "./shard.ts";

/** How documents become files. */
export interface WriteShardsOptions {
  /** Name of the source, as mixtures call it. */
  readonly source: string;
  /** A file closes before the document that would exceed this; a longer document has a file of its own. */
  readonly maxTokensPerShard: number;
  /** Stops between two documents and removes what was written. */
  readonly signal?: AbortSignal;
  /** Called after each document with the totals so far. */
  readonly onProgress?: (done: { documents: number; tokens: number }) => void;
}

/**
 * Tokenises texts into numbered shards, each text between beginOfText and endOfText; {@link writeTokenShards} says the rest.
 */
export function writeShards(
  directory: string,
  documents: AsyncIterable<{ readonly text: string }>,
  tokenizer: Tokenizer,
  options: WriteShardsOptions,
): Promise<ShardIndex> {
  const { beginOfText, endOfText } = tokenizer.special;
  const encoded = async function* () {
    for await (const { text } of documents) {
      const ids = tokenizer.encode(text);
      const document = new Uint32Array(ids.length + 2);
      document[0] = beginOfText;
      document.set(ids, 1);
      document[ids.length + 1] = endOfText;
      yield document;
    }
  };
  return writeTokenShards(directory, encoded(), tokenizer, options);
}

/**
 * Writes documents as numbered shards and then index.json. Memory holds one shard. What an earlier run left in the directory goes
 * first; where this run fails or is stopped, nothing of it stays.
 *
 * @param documents Ids of each, below the vocabulary's size.
 * @returns The index, as written.
 * @throws {UsageError} where there are no documents, or maxTokensPerShard is no positive whole number below 2^31.
 */
export async function writeTokenShards(
  directory: string,
  documents: AsyncIterable<Uint32Array>,
  vocabulary: Pick<Tokenizer, "name" | "vocabularySize">,
  { source, maxTokensPerShard, signal, onProgress }: WriteShardsOptions,
): Promise<ShardIndex> {
  if (!(Number.isSafeInteger(maxTokensPerShard) && maxTokensPerShard > 0 && maxTokensPerShard < 2 ** 31)) {
    throw new UsageError(
      `maxTokensPerShard is ${maxTokensPerShard}, expected a whole number in 1 … 2^31 − 1.`,
    );
  }
  await removeShards(directory);
  const index: ShardIndex = {
    format: SHARD_FORMAT,
    source,
    tokenizer: vocabulary.name,
    vocabularySize: vocabulary.vocabularySize,
    tokens: 0,
    documents: 0,
    shards: [],
  };
  try {
    const pending = new PendingShard(tokenDType(vocabulary.vocabularySize));
    const flush = async () => {
      const file = shardFileName(index.shards.length);
      index.shards.push({ file, ...await pending.write(join(directory, file), index) });
    };
    for await (const ids of documents) {
      signal?.throwIfAborted();
      if (pending.documents > 0 && pending.tokens + ids.length > maxTokensPerShard) await flush();
      pending.add(ids);
      index.tokens += ids.length;
      index.documents++;
      onProgress?.({ documents: index.documents, tokens: index.tokens });
    }
    if (index.documents === 0) throw new UsageError(`Source "${source}" has no documents to tokenise.`);
    await flush();
    await writeJson(join(directory, INDEX_FILE), index);
    return index;
  } catch (error) {
    await removeShards(directory);
    throw error;
  }
}

/** Removes an index, shards and their temporary files, the index first: what is left never passes for whole. */
async function removeShards(directory: string): Promise<void> {
  if (!await exists(directory)) return;
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  const own = names.filter((name) =>
    /^\.?(index\.json|[0-9]{5}\.safetensors)(\.[0-9]+\.partial)?$/.test(name)
  );
  for (const name of own.sort((a, b) => Number(b === INDEX_FILE) - Number(a === INDEX_FILE))) {
    await Deno.remove(join(directory, name));
  }
}

/** The shard being filled. */
class PendingShard {
  readonly #dtype: "U16" | "U32";
  #ids: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  #starts: number[] = [];
  #tokens = 0;

  constructor(dtype: "U16" | "U32") {
    this.#dtype = dtype;
    this.#ids = this.#allocate(1 << 16);
  }

  get tokens(): number {
    return this.#tokens;
  }

  get documents(): number {
    return this.#starts.length;
  }

  add(ids: Uint32Array): void {
    const end = this.#tokens + ids.length;
    if (end > this.#ids.length) {
      const larger = this.#allocate(Math.max(end, 2 * this.#ids.length));
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#starts.push(this.#tokens);
    this.#ids.set(ids, this.#tokens);
    this.#tokens = end;
  }

  /** Writes the file and empties the shard. */
  async write(
    path: string,
    index: ShardIndex,
  ): Promise<{ tokens: number; documents: number; sha256: string }> {
    const tokens = this.#ids.subarray(0, this.#tokens), documents = Uint32Array.from(this.#starts);
    const hash = createHash("sha256");
    for (const data of [tokens, documents]) {
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    const shard = { tokens: tokens.length, documents: documents.length, sha256: hash.digest("hex") };
    await writeSafetensors(
      path,
      new Map([
        ["tokens", { dtype: this.#dtype, shape: [tokens.length], data: tokens }],
        ["documents", { dtype: "U32", shape: [documents.length], data: documents }],
      ]),
      shardMetadata(index, shard),
    );
    this.#tokens = 0;
    this.#starts = [];
    return shard;
  }

  #allocate(length: number): Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
    return this.#dtype === "U16" ? new Uint16Array(length) : new Uint32Array(length);
  }
}
