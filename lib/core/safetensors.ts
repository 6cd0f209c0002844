/**
 * safetensors: the one container for weights, optimizer state and token shards (any framework reads it).
 *
 * Layout: u64 little-endian header length, JSON header {name: {dtype, shape, data_offsets}, __metadata__}, data.
 * The reader trusts nothing: lengths, overlaps, gaps, duplicates and sizes are checked before a byte is used.
 * @module
 */
import { writeAll, writeFileAtomic } from "./artefacts.ts";
import { UsageError } from "./errors.ts";

/** Longest header read, in bytes; the reference implementation has the same limit. */
const MAX_HEADER_BYTES = 100_000_000;

const BYTES_PER_ELEMENT = {
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** Element types that this project reads and writes. */
export type DType = keyof typeof BYTES_PER_ELEMENT;

/** One tensor's place in the file. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly start: number;
  readonly bytes: number;
}

/** A tensor to write: raw little-endian bytes with their meaning. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(BYTES_PER_ELEMENT, value);
}

/** JSON.parse keeps the last of two equal keys; a header with a tensor twice must not pass. Takes valid JSON. */
function hasDuplicateKey(text: string): boolean {
  const scopes: Set<unknown>[] = [];
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") scopes.push(new Set());
    else if (token === "}") scopes.pop();
    else if (key !== undefined) {
      const name: unknown = JSON.parse(key);
      const scope = scopes.at(-1);
      if (scope?.has(name)) return true;
      scope?.add(name);
    }
  }
  return false;
}

function parseHeader(text: string, dataStart: number, fileBytes: number, fail: (what: string) => never) {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    fail("its header is no JSON");
  }
  if (header === null || typeof header !== "object" || Array.isArray(header)) {
    fail("its header is no JSON object");
  }
  if (hasDuplicateKey(text)) fail("its header has a key twice");
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  if (
    metadata === null || typeof metadata !== "object" || Array.isArray(metadata) ||
    Object.values(metadata).some((v) => typeof v !== "string")
  ) {
    fail("its __metadata__ is no map of strings");
  }
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    if (!isDType(dtype)) fail(`tensor "${name}" has dtype ${JSON.stringify(dtype)}`);
    const whole = (list: unknown): list is number[] =>
      Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (!whole(shape)) fail(`tensor "${name}" has shape ${JSON.stringify(shape)}`);
    if (!whole(offsets) || offsets.length !== 2) {
      fail(`tensor "${name}" has offsets ${JSON.stringify(offsets)}`);
    }
    const [from = 0, to = 0] = offsets;
    const bytes = shape.reduce((product, n) => product * n, BYTES_PER_ELEMENT[dtype]);
    if (to - from !== bytes) fail(`tensor "${name}" spans ${to - from} bytes, its shape needs ${bytes}`);
    tensors.set(name, { dtype, shape, start: dataStart + from, bytes });
  }
  let end = dataStart;
  for (const info of [...tensors.values()].sort((a, b) => a.start - b.start || a.bytes - b.bytes)) {
    if (info.start !== end) fail("its tensors overlap or leave a gap");
    end += info.bytes;
  }
  if (end !== fileBytes) fail(`it has ${fileBytes} bytes, its header describes ${end}`);
  return { tensors, metadata: metadata as Record<string, string> };
}

/**
 * An open safetensors file; tensors are read one at a time, so memory holds only what is asked for.
 */
export class SafetensorsFile implements Disposable {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #file: Deno.FsFile;
  /** Ends with the read under way: two at a time would move each other's place in the file. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    file: Deno.FsFile,
    header: { tensors: Map<string, TensorInfo>; metadata: Record<string, string> },
  ) {
    this.path = path;
    this.#file = file;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
  }

  /** @throws {UsageError} where the file is missing, truncated or malformed. */
  static async open(path: string): Promise<SafetensorsFile> {
    const fail = (what: string): never => {
      throw new UsageError(`${path} is no valid safetensors file: ${what}.`);
    };
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path, { read: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new UsageError(`${path} does not exist.`);
      throw error;
    }
    try {
      const { size, isFile } = await file.stat();
      if (!isFile) fail("it is a directory");
      if (size < 8) fail(`it has ${size} bytes`);
      const prefix = new Uint8Array(8);
      await readExactly(file, prefix, 0);
      const headerBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true));
      if (headerBytes > MAX_HEADER_BYTES || headerBytes + 8 > size) {
        fail(`its header claims ${headerBytes} bytes`);
      }
      const header = new Uint8Array(headerBytes);
      await readExactly(file, header, 8);
      return new SafetensorsFile(
        path,
        file,
        parseHeader(new TextDecoder().decode(header), 8 + headerBytes, size, fail),
      );
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Where a tensor lies. @throws {UsageError} where the file has no tensor of that name. */
  info(name: string): TensorInfo {
    const info = this.tensors.get(name);
    if (info === undefined) throw new UsageError(`${this.path} has no tensor "${name}".`);
    return info;
  }

  /** The raw bytes of a tensor, freshly allocated (so any typed array can view them), or a part of them. */
  async readBytes(
    name: string,
    from = 0,
    bytes = this.info(name).bytes - from,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const result = new Uint8Array(bytes);
    const { start } = this.info(name);
    const reading = this.#turn.then(() => readExactly(this.#file, result, start + from));
    this.#turn = reading.catch(() => {});
    await reading;
    return result;
  }

  /** A tensor as 32-bit floats; F16 and BF16 are widened. @throws {UsageError} for other dtypes. */
  async readFloat32(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { dtype } = this.info(name);
    const { buffer } = await this.readBytes(name);
    if (dtype === "F32") return new Float32Array(buffer);
    if (dtype === "F16") return new Float32Array(new Float16Array(buffer));
    if (dtype === "BF16") {
      const halves = new Uint16Array(buffer);
      const widened = new Uint32Array(halves.length);
      // `Uint32Array.from` with a function takes thirty times as long.
      for (let i = 0; i < halves.length; i++) widened[i] = (halves[i] as number) << 16;
      return new Float32Array(widened.buffer);
    }
    throw new UsageError(`${this.path}: tensor "${name}" has dtype ${dtype}, expected F32, F16 or BF16.`);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function readExactly(file: Deno.FsFile, into: Uint8Array, position: number): Promise<void> {
  await file.seek(position, Deno.SeekMode.Start);
  for (let done = 0; done < into.length;) {
    const n = await file.read(into.subarray(done));
    if (n === null) throw new UsageError("A safetensors file ended early.");
    done += n;
  }
}

/**
 * Writes tensors atomically, in the order given; equal content gives equal bytes.
 *
 * @param metadata Strings for `__metadata__`.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const bytes = shape.reduce((product, n) => product * n, BYTES_PER_ELEMENT[dtype]);
    if (bytes !== data.byteLength) {
      throw new RangeError(`Tensor "${name}" has ${data.byteLength} bytes, its shape needs ${bytes}.`);
    }
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = JSON.stringify(header);
  const unpadded = new TextEncoder().encode(text);
  // Spaces pad the header so that the data starts at a multiple of 8.
  const encoded = new Uint8Array(Math.ceil(unpadded.length / 8) * 8).fill(0x20);
  encoded.set(unpadded);
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(encoded.length), true);
  await writeFileAtomic(path, async (file) => {
    await writeAll(file, prefix);
    await writeAll(file, encoded);
    for (const { data } of tensors.values()) {
      await writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}
