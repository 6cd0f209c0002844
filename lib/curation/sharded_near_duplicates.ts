/**
 * Near-duplicates in more documents than memory holds: what `near_duplicates.ts` finds, by a process for each shard and DuckDB on disk.
 *
 * A process signs a shard; the bands' hashes go to DuckDB, which groups them and spills; signatures stay in files, from which a pair's
 * are read when it is compared. Memory: DuckDB's limit, some 20 bytes a document for clusters and scores, and the duplicates.
 * @module
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Catalog } from "../catalog/catalog.ts";
import { quoteText } from "../catalog/schema.ts";
import { makeSpillDirectory } from "../catalog/spill_directory.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { DisjointSets, type Duplicate, keptOfCluster } from "./clusters.ts";
import { estimateJaccard } from "./minhash.ts";
import { BandedSigner, joinSimilar, NEAR_DUPLICATES, type NearDuplicateSettings } from "./near_duplicates.ts";

/** What the search may take, beside what its catalogue may. */
export interface SearchLimits {
  /** Processes that sign at once, of some 150 MB each; by default one for each core. */
  readonly processes?: number;
  /** An existing directory for signatures, about 300 bytes a document with the default settings; by default the system's. */
  readonly spillDirectory?: string;
  readonly signal?: AbortSignal;
}

/** Run by the processes that sign: a module that nothing imports here. */
export const SIGN_SHARD = new URL("sign_shard.ts", import.meta.url);

/** Duplicates inserted at once. */
const INSERTED_AT_ONCE = 100_000;

/** A shard that was signed. */
interface SignedShard {
  /** Its files without their endings. */
  readonly target: string;
  /** Number of its first document among all. */
  readonly first: number;
  readonly documents: number;
}

/**
 * The near-duplicates of documents in JSONL files. Of each cluster the document with the highest score is kept, of several the first, in
 * the order of the files and within them: the same result as `findNearDuplicates` over all of them.
 *
 * @param catalog A native one: the search has temporary tables in it, `signed` and `duplicates`.
 * @param scoreOf The score of a document by its id; by default the first document is kept.
 * @throws {UsageError} for settings or limits that are unusable, and another engine.
 * @throws {RunError} naming the shard that could not be signed.
 */
export async function findShardedNearDuplicates(
  catalog: Catalog,
  shards: readonly string[],
  limits: SearchLimits = {},
  settings: NearDuplicateSettings = NEAR_DUPLICATES,
  scoreOf?: (id: string) => number,
): Promise<Duplicate[]> {
  // Refuses what is out of range before any process does.
  new BandedSigner(settings);
  if (catalog.engine !== "native") {
    throw new UsageError(
      `The catalogue engine is "${catalog.engine}", expected "native", which reads parquet.`,
    );
  }
  if (shards.length === 0) return [];
  const { processes = availableParallelism(), spillDirectory, signal } = limits;
  const directory = await makeSpillDirectory("signatures-", spillDirectory);
  try {
    const signed = await signShards(shards, directory, processes, settings, signal);
    for (const [i, { target, first }] of signed.entries()) {
      const rows = `SELECT * REPLACE (document::BIGINT + ${first} AS document) FROM read_parquet(${
        quoteText(`${target}.parquet`)
      })`;
      await catalog.execute(
        i === 0 ? `CREATE OR REPLACE TEMP TABLE signed AS ${rows}` : `INSERT INTO signed ${rows}`,
      );
    }
    using signatures = new SignatureFiles(signed, settings.bands * settings.rows);
    const sets = new DisjointSets(signatures.documents);
    for (let band = 0; band < settings.bands; band++) {
      signal?.throwIfAborted();
      for await (const bucket of buckets(catalog, band)) {
        joinSimilar(bucket, sets, (a, b) => signatures.similarity(a, b) >= settings.threshold);
      }
    }
    const roots = sets.roots();
    const scores = scoreOf && await scoresInOrder(catalog, scoreOf, roots.length);
    return await listInOrder(catalog, keptOfCluster(roots, scores));
  } finally {
    await catalog.execute("DROP TABLE IF EXISTS signed; DROP TABLE IF EXISTS duplicates");
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
        args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-write", fileURLToPath(SIGN_SHARD)]
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
async function* buckets(catalog: Catalog, band: number): AsyncGenerator<number[]> {
  const sql =
    `SELECT list(document::DOUBLE) AS documents FROM signed GROUP BY band_${band} HAVING count(*) > 1`;
  for await (const part of catalog.stream(sql)) yield* (part.get("documents") ?? []) as number[][];
}

/** Scores [documents]; a text without words, which resembles nothing, has none. */
async function scoresInOrder(
  catalog: Catalog,
  scoreOf: (id: string) => number,
  documents: number,
): Promise<Float64Array> {
  const scores = new Float64Array(documents);
  for await (const part of catalog.stream("SELECT document, id FROM signed")) {
    const ids = part.get("id") ?? [];
    part.get("document")?.forEach((document, i) => scores[Number(document)] = scoreOf(String(ids[i])));
  }
  return scores;
}

/** The documents that are not kept, in order, with the ones that stand for them. */
async function listInOrder(catalog: Catalog, kept: Uint32Array): Promise<Duplicate[]> {
  await catalog.execute("CREATE OR REPLACE TEMP TABLE duplicates (document BIGINT, kept BIGINT)");
  let rows: { document: number; kept: number }[] = [];
  for (const [document, standing] of kept.entries()) {
    if (standing !== document) rows.push({ document, kept: standing });
    if (rows.length < INSERTED_AT_ONCE && document < kept.length - 1) continue;
    await catalog.insert("duplicates", rows);
    rows = [];
  }
  const found = await catalog.query(
    'SELECT own.id, own.source, kept.id AS "keptId", kept.source AS "keptSource" FROM duplicates ' +
      "JOIN signed own USING (document) JOIN signed kept ON kept.document = duplicates.kept ORDER BY document",
  );
  return found.objects() as Duplicate[];
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
