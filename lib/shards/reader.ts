/**
 * Token shards as one long array of tokens that stays on disk.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { exists, fingerprint } from "../core/artefacts.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { SafetensorsFile } from "../core/safetensors.ts";
import { INDEX_FILE, type ShardIndex, shardIndexFile, shardMetadata, tokenDType } from "./shard.ts";

/** Files kept open at a time, well below any system's limit. */
const MAX_OPEN_FILES = 32;

/** Bytes hashed at a time. */
const HASH_CHUNK = 1 << 22;

/** One file, and where its content lies in the whole. */
interface Shard {
  readonly path: string;
  /** First byte of its tokens. */
  readonly offset: number;
  readonly firstToken: number;
  readonly tokens: number;
  readonly firstDocument: number;
  /** Where its documents start, from its first token. */
  readonly starts: Uint32Array;
}

/**
 * Opens a directory that `writeShards` finished.
 *
 * @param options verify: read every file and compare its hash (about 1 GB/s); by default only sizes, headers and document
 * starts are checked.
 * @throws {UsageError} where the index or a file is missing, malformed, truncated, altered, or of another source or tokenizer
 * than the index says.
 */
export async function openShards(directory: string, options: { verify?: boolean } = {}): Promise<Shards> {
  const index = await readIndex(join(directory, INDEX_FILE));
  const shards: Shard[] = [];
  let tokens = 0, documents = 0;
  for (const entry of index.shards) {
    const path = join(directory, entry.file);
    using file = await SafetensorsFile.open(path);
    checkHeader(file, index, entry);
    const starts = new Uint32Array((await file.readBytes("documents")).buffer);
    if (
      starts[0] !== 0 || starts.some((start, i) => start <= (starts[i - 1] ?? -1) || start >= entry.tokens)
    ) {
      throw new UsageError(
        `${path} is altered: its document starts do not increase from 0 below ${entry.tokens}.`,
      );
    }
    if (options.verify && await hashTensors(file) !== entry.sha256) {
      throw new UsageError(`${path} is altered: its hash is not the one in ${INDEX_FILE}.`);
    }
    const offset = file.info("tokens").start;
    shards.push({ path, offset, firstToken: tokens, tokens: entry.tokens, firstDocument: documents, starts });
    tokens += entry.tokens;
    documents += entry.documents;
  }
  return new Shards(index, shards);
}

async function readIndex(path: string): Promise<ShardIndex> {
  if (!await exists(path)) {
    throw new UsageError(`${path} does not exist, expected a finished directory of token shards.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch {
    throw new UsageError(`${path} is no JSON.`);
  }
  const parsed = shardIndexFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${path} is no index of token shards: ${issue?.path.join(".")}: ${issue?.message}.`);
  }
  const index = parsed.data;
  for (const key of ["tokens", "documents"] as const) {
    const sum = index.shards.reduce((total, shard) => total + shard[key], 0);
    if (sum !== index[key]) {
      throw new UsageError(`${path} is altered: its shards hold ${sum} ${key}, not ${index[key]}.`);
    }
  }
  return index;
}

function checkHeader(file: SafetensorsFile, index: ShardIndex, entry: ShardIndex["shards"][number]): void {
  for (const [key, expected] of Object.entries(shardMetadata(index, entry))) {
    const found = file.metadata[key];
    if (found !== expected) {
      throw new UsageError(
        `${file.path} has ${key} ${JSON.stringify(found)}, its ${INDEX_FILE} says ${
          JSON.stringify(expected)
        }.`,
      );
    }
  }
  const layout = {
    tokens: [tokenDType(index.vocabularySize), entry.tokens],
    documents: ["U32", entry.documents],
  };
  for (const [name, [dtype, length]] of Object.entries(layout)) {
    const info = file.info(name);
    if (info.dtype !== dtype || info.shape.length !== 1 || info.shape[0] !== length) {
      throw new UsageError(
        `${file.path}: tensor "${name}" is ${info.dtype} [${info.shape}], expected ${dtype} [${length}].`,
      );
    }
  }
}

async function hashTensors(file: SafetensorsFile): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["tokens", "documents"]) {
    const { bytes } = file.info(name);
    for (let from = 0; from < bytes; from += HASH_CHUNK) {
      hash.update(await file.readBytes(name, from, Math.min(HASH_CHUNK, bytes - from)));
    }
  }
  return hash.digest("hex");
}

/**
 * The tokens of a source, addressed by their place in the concatenation of all documents. Memory holds the document starts;
 * tokens are read when asked for, and the system's page cache keeps what is read often.
 */
export class Shards implements Disposable {
  readonly source: string;
  /** Name of the tokenizer. */
  readonly tokenizer: string;
  readonly vocabularySize: number;
  /** Number of tokens. */
  readonly tokens: number;
  /** Number of documents. */
  readonly documents: number;
  /** Changes when any token or boundary does. */
  readonly fingerprint: string;
  readonly #shards: readonly Shard[];
  readonly #idBytes: 2 | 4;
  /** Open files by path, the least recently used first. */
  readonly #files = new Map<string, Deno.FsFile>();

  /** Use `openShards`, which checks the files. */
  constructor(index: ShardIndex, shards: readonly Shard[]) {
    this.source = index.source;
    this.tokenizer = index.tokenizer;
    this.vocabularySize = index.vocabularySize;
    this.tokens = index.tokens;
    this.documents = index.documents;
    this.fingerprint = fingerprint(index);
    this.#shards = shards;
    this.#idBytes = tokenDType(index.vocabularySize) === "U16" ? 2 : 4;
  }

  /**
   * Tokens start … start + count − 1.
   *
   * @throws {RangeError} where they are not all there.
   */
  read(start: number, count: number): Uint32Array<ArrayBuffer> {
    const result = new Uint32Array(count);
    for (const { shard, from, at, length } of this.#parts(start, count)) {
      const bytes = new Uint8Array(length * this.#idBytes);
      readSync(this.#open(shard.path), bytes, shard.offset + from * this.#idBytes);
      result.set(this.#idBytes === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer), at);
    }
    return result;
  }

  /**
   * Number of the document, from 0, that each of the tokens start … start + count − 1 belongs to.
   *
   * @throws {RangeError} where they are not all there.
   */
  documentsOf(start: number, count: number): Uint32Array<ArrayBuffer> {
    const result = new Uint32Array(count);
    for (const { shard, from, at, length } of this.#parts(start, count)) {
      let document = lastAtMost(shard.starts.length, (i) => shard.starts[i] ?? 0, from);
      for (let i = 0; i < length; i++) {
        if (from + i === shard.starts[document + 1]) document++;
        result[at + i] = shard.firstDocument + document;
      }
    }
    return result;
  }

  /**
   * First token of a document; of the number of documents, the number of tokens.
   *
   * @throws {RangeError} for any other number.
   */
  documentStart(document: number): number {
    if (document === this.documents) return this.tokens;
    if (!(document >= 0 && document < this.documents)) {
      throw new RangeError(`Document ${document} of ${this.source}, which has ${this.documents}.`);
    }
    const place = lastAtMost(this.#shards.length, (i) => this.#shards[i]?.firstDocument ?? 0, document);
    const shard = this.#shards[place] as Shard; // There is at least one.
    return shard.firstToken + (shard.starts[document - shard.firstDocument] as number);
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  /** The part of each shard in a range of tokens: `length` tokens from `from` in the shard go to `at` in the range. */
  *#parts(
    start: number,
    count: number,
  ): Generator<{ shard: Shard; from: number; at: number; length: number }> {
    if (!(start >= 0 && count >= 0 && start + count <= this.tokens)) {
      throw new RangeError(
        `Tokens ${start} … ${start + count - 1} of ${this.source}, which has ${this.tokens}.`,
      );
    }
    let place = lastAtMost(this.#shards.length, (i) => this.#shards[i]?.firstToken ?? 0, start);
    for (let done = 0; done < count; place++) {
      // The range ends within the last shard, so place stays inside.
      const shard = this.#shards[place] as Shard;
      const from = start + done - shard.firstToken;
      const length = Math.min(count - done, shard.tokens - from);
      yield { shard, from, at: done, length };
      done += length;
    }
  }

  #open(path: string): Deno.FsFile {
    const file = this.#files.get(path) ?? Deno.openSync(path, { read: true });
    this.#files.delete(path);
    this.#files.set(path, file);
    if (this.#files.size > MAX_OPEN_FILES) {
      const [oldest = path] = this.#files.keys();
      this.#files.get(oldest)?.close();
      this.#files.delete(oldest);
    }
    return file;
  }
}

/** Largest i below length with value(i) ≤ limit, for increasing values with value(0) ≤ limit. */
function lastAtMost(length: number, value: (i: number) => number, limit: number): number {
  let low = 0, high = length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value(middle) <= limit) low = middle;
    else high = middle;
  }
  return low;
}

function readSync(file: Deno.FsFile, into: Uint8Array, position: number): void {
  file.seekSync(position, Deno.SeekMode.Start);
  for (let done = 0; done < into.length;) {
    const n = file.readSync(into.subarray(done));
    if (n === null) throw new RunError("A token shard was truncated while it was open.");
    done += n;
  }
}
