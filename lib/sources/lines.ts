/**
 * Lines of a text file, plain or compressed, streamed: memory holds one chunk and one line.
 * @module
 */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { Decompress } from "fzstd";
import { UsageError } from "../core/errors.ts";
import { requirePath } from "./files.ts";

const CHUNK_BYTES = 1 << 18;

/** A longer line is taken for a mistake (a file that is no JSONL) before it fills the memory. */
export const MAX_LINE_BYTES = 1 << 26;

/** Bytes of a file; decompressed where its name ends in .gz or .zst (several members or frames in a row are one stream). */
async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  await requirePath(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (path.endsWith(".zst")) {
    yield* decompressZstandard(path, file);
  } else if (path.endsWith(".gz")) {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // An error on either side destroys both; the loop below then throws it.
    pipeline(file, gunzip, () => {});
    try {
      yield* gunzip as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (error instanceof Error) throw new UsageError(`${path} is truncated or no gzip: ${error.message}.`);
      throw error;
    }
  } else {
    yield* file as AsyncIterable<Uint8Array>;
  }
}

async function* decompressZstandard(
  path: string,
  compressed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const decompress = new Decompress((chunk) => ready.push(chunk));
  const push = (chunk: Uint8Array, final: boolean): Uint8Array[] => {
    try {
      decompress.push(chunk, final);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${path} is truncated or no Zstandard: ${reason}.`);
    }
    const chunks = ready;
    ready = [];
    return chunks;
  };
  for await (const chunk of compressed) yield* push(chunk, false);
  yield* push(new Uint8Array(0), true);
}

/** One line without its end, and its number from 1. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly number: number;
}

/**
 * The lines of a file; the last one may lack its newline.
 *
 * @throws {UsageError} where the file is missing, truncated or corrupt, or has a line above {@link MAX_LINE_BYTES}.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const finish = (end: Uint8Array): Line => {
    number++;
    if (pending.length === 0) return { bytes: end, number };
    const bytes = new Uint8Array(pendingBytes + end.length);
    let offset = 0;
    for (const part of [...pending, end]) {
      bytes.set(part, offset);
      offset += part.length;
    }
    pending = [];
    pendingBytes = 0;
    return { bytes, number };
  };
  for await (const chunk of readBytes(path)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield finish(chunk.subarray(start, end));
      start = end + 1;
    }
    // Copied, because streams may reuse their buffer.
    pending.push(chunk.slice(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > MAX_LINE_BYTES) {
      throw new UsageError(
        `${path}, line ${number + 1}: the line has more than ${
          MAX_LINE_BYTES >> 20
        } MiB, expected one JSON object a line.`,
      );
    }
  }
  if (pendingBytes > 0) yield finish(new Uint8Array(0));
}
