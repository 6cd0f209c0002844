/**
 * A process that turns a shard of documents into signatures: `sign_shard.ts SHARD TARGET SETTINGS`.
 *
 * TARGET.signatures has those of all documents in order [documents × permutations], 16 bits each; TARGET.parquet a row for each that
 * has words: its number in the shard, its id, its source and its bands' hashes. The process prints the number of documents.
 * @module
 */
import { type ColumnSource, fileWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { writeAll } from "../core/artefacts.ts";
import { readJsonLines } from "../core/lines.ts";
import type { Document } from "../sources/document.ts";
import { BandedSigner, type NearDuplicateSettings } from "./near_duplicates.ts";

/** Documents held at once. */
const BATCH = 8192;

/** Signs the documents of a JSONL file. @returns Their number. */
export async function signShard(
  shard: string,
  target: string,
  settings: NearDuplicateSettings,
): Promise<number> {
  const signer = new BandedSigner(settings);
  using file = await Deno.open(`${target}.signatures`, { write: true, create: true, truncate: true });
  const columns = new BandColumns(settings.bands);
  const parquet = new ParquetWriter({
    writer: fileWriter(`${target}.parquet`),
    schema: schemaFromColumnData({ columnData: columns.take() }),
  });
  const permutations = settings.bands * settings.rows;
  const signatures = new Uint16Array(BATCH * permutations);
  let documents = 0;
  const flush = async () => {
    const held = documents % BATCH || BATCH;
    await writeAll(file, new Uint8Array(signatures.buffer, 0, 2 * held * permutations));
    signatures.fill(0);
    await parquet.write({ columnData: columns.take() });
  };
  for await (const { id, source, text } of readJsonLines<Document>(shard)) {
    const signed = signer.sign(text);
    if (signed !== null) {
      signatures.set(signed.signature, documents % BATCH * permutations);
      columns.add(documents, id, source, signed.keys);
    }
    if (++documents % BATCH === 0) await flush();
  }
  if (documents % BATCH !== 0) await flush();
  await parquet.finish();
  return documents;
}

/** Rows that wait to be written. */
class BandColumns {
  readonly #bands: number;
  #documents: number[] = [];
  #ids: string[] = [];
  #sources: string[] = [];
  #keys: number[][];

  constructor(bands: number) {
    this.#bands = bands;
    this.#keys = Array.from({ length: bands }, () => []);
  }

  add(document: number, id: string, source: string, keys: Uint32Array): void {
    this.#documents.push(document);
    this.#ids.push(id);
    this.#sources.push(source);
    // As signed numbers, which parquet's 32-bit integers are: only equality matters.
    keys.forEach((key, band) => this.#keys[band]?.push(key | 0));
  }

  /** What was added since the last time. */
  take(): ColumnSource[] {
    const taken: ColumnSource[] = [
      { name: "document", data: this.#documents, type: "INT32", nullable: false },
      { name: "id", data: this.#ids, type: "STRING", nullable: false },
      { name: "source", data: this.#sources, type: "STRING", nullable: false },
      ...this.#keys.map((data, band): ColumnSource => ({
        name: `band_${band}`,
        data,
        type: "INT32",
        nullable: false,
      })),
    ];
    [this.#documents, this.#ids, this.#sources] = [[], [], []];
    this.#keys = Array.from({ length: this.#bands }, () => []);
    return taken;
  }
}

if (import.meta.main) {
  const [shard = "", target = "", settings = ""] = Deno.args;
  console.log(await signShard(shard, target, JSON.parse(settings)));
}
