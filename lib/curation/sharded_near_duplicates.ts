/**
 * Near-duplicates in more documents than memory holds: what `near_duplicates.ts` finds, by a process for each shard and DuckDB on disk.
 *
 * A process signs a shard; the bands' hashes go to DuckDB, which groups them and spills; signatures stay in files, from which a pair's
 * are read when it is compared. Memory: DuckDB's limit, 4 bytes a document for the clusters, and the duplicates.
 * @module
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine, OutOfCore } from "../catalog/engine.ts";
import { openEngine } from "../catalog/open_engine.ts";
import { quoteText } from "../catalog/schema.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { DisjointSets, type Duplicate } from "./clusters.ts";
import { estimateJaccard } from "./minhash.ts";
import { BandedSigner, joinSimilar, NEAR_DUPLICATES, type NearDuplicateSettings } from "./near_duplicates.ts";

/** What the search may take. */
export interface SearchLimits {
  /** Of DuckDB: "2GB". Each process takes some 150 MB beside it. */
  readonly memoryLimit: string;
  /** Processes that sign at once, and DuckDB's threads; by default one for each core. */
  readonly processes?: number;
  /** An existing directory for what does not stay in memory: about 450 bytes a document with the default settings. */
  readonly spillDirectory: string;
  readonly signal?: AbortSignal;
}

const SIGN_SHARD = fileURLToPath(new URL("sign_shard.ts", import.meta.url));

/** A shard that was signed. */
interface SignedShard {
  /** Its files without their endings. */
  readonly target: string;
  /** Number of its first document among all. */
  readonly first: number;
  readonly documents: number;
}

/**
 * The near-duplicates of documents in JSONL files. Of each cluster the first document is kept, in the order of the files and within
 * them: the same result as `findNearDuplicates` over all of them.
 *
 * @throws {UsageError} for settings or limits that are unusable.
 * @throws {RunError} naming the shard that could not be signed.
 */
export async function findShardedNearDuplicates(
  shards: readonly string[],
  limits: SearchLimits,
  settings: NearDuplicateSettings = NEAR_DUPLICATES,
): Promise<Duplicate[]> {
  // Refuses what is out of range before any process does.
  new BandedSigner(settings);
  if (shards.length === 0) return [];
  const { memoryLimit, processes = availableParallelism(), spillDirectory, signal } = limits;
  await using engine = await openEngine({
    engine: "native",
    memoryLimit,
    threads: processes,
    spillDirectory,
  });
  if (engine.outOfCore === null) throw new UsageError(`The engine "${engine.name}" does not spill to disk.`);
  const directory = await Deno.makeTempDir({ dir: spillDirectory, prefix: "signatures-" });
  try {
    const signed = await signShards(shards, directory, processes, settings, signal);
    for (const [i, { target, first }] of signed.entries()) {
      const rows = `SELECT * REPLACE (document::BIGINT + ${first} AS document) FROM read_parquet(${
        quoteText(`${target}.parquet`)
      })`;
      await engine.execute(i === 0 ? `CREATE TABLE signed AS ${rows}` : `INSERT INTO signed ${rows}`);
    }
    using signatures = new SignatureFiles(signed, settings.bands * settings.rows);
    const sets = new DisjointSets(signatures.documents);
    for (let band = 0; band < settings.bands; band++) {
      signal?.throwIfAborted();
      for await (const bucket of buckets(engine.outOfCore, band)) {
        joinSimilar(bucket, sets, (a, b) => signatures.similarity(a, b) >= settings.threshold);
      }
    }
    return await listInOrder(engine, sets.roots());
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Signs every shard, some at once. */
async function signShards(
  shards: readonly string[],
  directory: string,
  processes: number,
  settings: NearDuplicateSettings,
  signal: AbortSignal | undefined,
): Promise<SignedShard[]> {
  const counts: number[] = [];
  const waiting = shards.entries();
  const targetOf = (i: number) => join(directory, String(i));
  await Promise.all(Array.from({ length: processes }, async () => {
    for (const [i, shard] of waiting) {
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-write", SIGN_SHARD]
          .concat(shard, targetOf(i), JSON.stringify(settings)),
        ...(signal === undefined ? {} : { signal }),
      }).output();
      signal?.throwIfAborted();
      const decoder = new TextDecoder();
      if (!success) {
        throw new RunError(`${shard} could not be signed: ${decoder.decode(stderr).trim().split("\n")[0]}`);
      }
      counts[i] = Number(decoder.decode(stdout));
    }
  }));
  let first = 0;
  return counts.map((documents, i) => {
    const signed = { target: targetOf(i), first, documents };
    first += documents;
    return signed;
  });
}

/** The documents that share a band's hash, at least two each. */
async function* buckets(engine: OutOfCore, band: number): AsyncGenerator<number[]> {
  const sql = `SELECT list(document::DOUBLE) FROM signed GROUP BY band_${band} HAVING count(*) > 1`;
  for await (const rows of engine.stream(sql)) {
    // One column, of lists of numbers.
    for (const [documents] of rows) yield documents as number[];
  }
}

/** The documents that are not their clusters' first, with the first. */
async function listInOrder(engine: Engine, roots: Uint32Array): Promise<Duplicate[]> {
  const columns = new Map<string, bigint[]>([["document", []], ["kept", []]]);
  roots.forEach((root, document) => {
    if (root === document) return;
    columns.get("document")?.push(BigInt(document));
    columns.get("kept")?.push(BigInt(root));
  });
  await engine.execute("CREATE TABLE duplicates (document BIGINT, kept BIGINT)");
  await engine.append("duplicates", { document: "BIGINT", kept: "BIGINT" }, columns);
  const found = await engine.query(
    "SELECT own.id, own.source, kept.id AS kept_id, kept.source AS kept_source FROM duplicates " +
      "JOIN signed own USING (document) JOIN signed kept ON kept.document = duplicates.kept ORDER BY document",
    [],
  );
  const column = (name: string) => found.get(name) ?? [];
  const [ids, sources, keptIds, keptSources] = ["id", "source", "kept_id", "kept_source"].map(column);
  return (ids ?? []).map((id, i) => ({
    id: String(id),
    source: String(sources?.[i]),
    keptId: String(keptIds?.[i]),
    keptSource: String(keptSources?.[i]),
  }));
}

/** The signatures of all documents, on disk. */
class SignatureFiles {
  readonly #shards: readonly (SignedShard & { readonly file: Deno.FsFile })[];
  readonly #permutations: number;
  readonly #a: Uint16Array<ArrayBuffer>;
  readonly #b: Uint16Array<ArrayBuffer>;

  constructor(shards: readonly SignedShard[], permutations: number) {
    this.#shards = shards.map((shard) => ({ ...shard, file: Deno.openSync(`${shard.target}.signatures`) }));
    this.#permutations = permutations;
    this.#a = new Uint16Array(permutations);
    this.#b = new Uint16Array(permutations);
  }

  get documents(): number {
    return this.#shards.reduce((sum, { documents }) => sum + documents, 0);
  }

  /** The estimated Jaccard similarity of two documents. */
  similarity(a: number, b: number): number {
    this.#read(a, this.#a);
    this.#read(b, this.#b);
    return estimateJaccard(this.#permutations, this.#a, this.#b);
  }

  #read(document: number, into: Uint16Array<ArrayBuffer>): void {
    const shard = this.#shards.findLast(({ first, documents }) => documents > 0 && first <= document);
    if (shard === undefined) throw new RangeError(`There is no document ${document}.`);
    shard.file.seekSync((document - shard.first) * into.byteLength, Deno.SeekMode.Start);
    const bytes = new Uint8Array(into.buffer);
    for (let done = 0; done < bytes.length;) {
      const n = shard.file.readSync(bytes.subarray(done));
      if (n === null) throw new RunError(`${shard.target}.signatures was cut short.`);
      done += n;
    }
  }

  [Symbol.dispose](): void {
    for (const { file } of this.#shards) file.close();
  }
}
