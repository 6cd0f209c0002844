/**
 * Hashes of large files, kept in the directory they lie in: as in git's index, a file whose size and time of change are those at its last
 * hashing is not read again. Every job of a cluster asks whether the stages before it hold, and a corpus may have terabytes.
 * @module
 */
import { join } from "node:path";
import { hashFile, writeJson } from "../core/artefacts.ts";

/** The file of hashes; no stage's output. */
export const HASHES_FILE = ".hashes.json";

/** Bytes from which on a file is large; smaller ones are read each time. */
const LARGE = 64 * 2 ** 20;

interface KnownHash {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
  readonly sha256: string;
}

/** The hashes of a directory's files. */
export class KnownHashes {
  #isNew = false;

  private constructor(
    private readonly directory: string,
    private readonly large: number,
    private readonly known: Map<string, KnownHash>,
  ) {}

  /** @param large Bytes from which on a hash is kept; a parameter for tests. */
  static async open(directory: string, large = LARGE): Promise<KnownHashes> {
    let kept: Record<string, KnownHash> = {};
    try {
      kept = JSON.parse(await Deno.readTextFile(join(directory, HASHES_FILE)));
    } catch (error) {
      // What cannot be read is hashed again.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof SyntaxError)) throw error;
    }
    return new KnownHashes(directory, large, new Map(Object.entries(kept)));
  }

  /** SHA-256 and size of a file. @param path In the directory. */
  async hash(path: string): Promise<{ sha256: string; bytes: number }> {
    const file = join(this.directory, path);
    const { size: bytes, mtime } = await Deno.stat(file);
    const changed = mtime?.getTime();
    if (bytes < this.large || changed === undefined) return await hashFile(file);
    const known = this.known.get(path);
    if (known?.bytes === bytes && known.changed === changed) return { sha256: known.sha256, bytes };
    const found = await hashFile(file);
    this.known.set(path, { bytes, changed, sha256: found.sha256 });
    this.#isNew = true;
    return found;
  }

  /** Keeps what was found. */
  async save(): Promise<void> {
    if (this.#isNew) await writeJson(join(this.directory, HASHES_FILE), Object.fromEntries(this.known));
  }
}
