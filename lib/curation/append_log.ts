/**
 * A file that grows by a line an entry while long work goes on, and is read when the work goes on after an interruption.
 * @module
 */
import { canonicalJson, exists, writeFileAtomic } from "../core/artefacts.ts";
import { readJsonLines } from "../core/lines.ts";

/** Bytes read at once in search of the last whole line. */
const BLOCK_BYTES = 1 << 16;

const NEWLINE = 10;

/** A log: JSON Lines, the first of which says what the entries belong to. It is open only while it is read or written. */
export class AppendLog<Entry> {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Goes on with a log. A line that a crash cut short is dropped; a log of something else is begun anew.
   *
   * @param header What the entries belong to.
   */
  static async open<Entry>(path: string, header: unknown): Promise<AppendLog<Entry>> {
    if (await exists(path)) await dropHalfLine(path);
    if (!await AppendLog.belongsTo(path, header)) await writeFileAtomic(path, canonicalJson(header) + "\n");
    return new AppendLog<Entry>(path);
  }

  /** Whether there is a log, and it is one of this. */
  static async belongsTo(path: string, header: unknown): Promise<boolean> {
    if (!await exists(path)) return false;
    for await (const first of readJsonLines(path)) return canonicalJson(first) === canonicalJson(header);
    return false;
  }

  /**
   * Streams the entries.
   *
   * @throws {RunError} naming file and line where the log was altered.
   */
  async *entries(): AsyncGenerator<Entry> {
    let header = true;
    for await (const line of readJsonLines<Entry>(this.#path)) {
      if (!header) yield line;
      header = false;
    }
  }

  /** Adds entries, all in one write. They are with the operating system when this returns: they survive the end of the process. */
  append(entries: readonly Entry[]): void {
    const lines = entries.map((entry) => JSON.stringify(entry) + "\n").join("");
    Deno.writeTextFileSync(this.#path, lines, { append: true });
  }

  /** Puts the entries in order of their keys' code units, in one rename. */
  async sort(keyOf: (entry: Entry) => string): Promise<void> {
    const [header, ...entries] = await Array.fromAsync(readJsonLines(this.#path));
    const sorted = (entries as Entry[])
      .map((entry) => ({ key: keyOf(entry), line: JSON.stringify(entry) }))
      .sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    const lines = [canonicalJson(header), ...sorted.map(({ line }) => line)];
    await writeFileAtomic(this.#path, lines.map((line) => line + "\n").join(""));
  }

  /** Makes the entries survive a power failure too. */
  async sync(): Promise<void> {
    using file = await Deno.open(this.#path, { append: true });
    await file.sync();
  }
}

/** Cuts a file after its last newline. */
async function dropHalfLine(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  const block = new Uint8Array(BLOCK_BYTES);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    await readExactly(file, block.subarray(0, end - start));
    const last = block.subarray(0, end - start).lastIndexOf(NEWLINE);
    if (last >= 0) return file.truncate(start + last + 1);
    end = start;
  }
  await file.truncate(0);
}

/** Fills an array; one `read` may give less. The file has as much. */
async function readExactly(file: Deno.FsFile, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length;) done += await file.read(into.subarray(done)) ?? into.length;
}
