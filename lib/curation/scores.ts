/**
 * Scoring: a scorer goes over the documents of a shard and leaves a file of scores, which the catalogue's table `scores` takes.
 *
 * A shard is any stream of documents that comes in the same order each time, such as one source. Interrupted work goes on where it
 * stopped; finished work is not done again while scorer and provenance are the same.
 * @module
 */
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { IdSet } from "../catalog/id_set.ts";
import { RunError } from "../core/errors.ts";
import { readJsonLines } from "../core/lines.ts";
import { startProgress } from "../core/progress.ts";
import type { Document } from "../sources/document.ts";
import { AppendLog } from "./append_log.ts";
import type { Scorer, ScorerIdentity } from "./scorer.ts";

/** Folder of the score files. */
export const SCORES = "scores";

/** Where the scores of a source's documents are kept. */
export function scoresPath(directory: string, scorer: string, source: string): string {
  return join(directory, SCORES, scorer, `${source}.jsonl`);
}

/** A row of the table `scores`. */
export type ScoreRow = {
  readonly id: string;
  readonly scorer: string;
  readonly score: number;
  readonly provenance: string;
};

/** What scoring a shard came to. */
export interface ShardScores {
  /** Documents with a score. */
  readonly scored: number;
  /** Documents without: see {@link Scorer.noScore}. */
  readonly unscored: number;
  /** Documents whose score an earlier sitting had found. */
  readonly reused: number;
  /** Wall time of this sitting. */
  readonly seconds: number;
}

interface Entry {
  readonly id: string;
  readonly score: number | null;
}

/** Where none of the first documents gets a score, none of the others will. */
const PROBATION = 20;

/** Rows inserted at once. */
const INSERTED_AT_ONCE = 10_000;

/**
 * Scores every document of a shard into a file: after each batch into PATH.partial, which becomes PATH in the end.
 *
 * @param options.total How many documents there are, for the time left.
 * @param options.part These are a part of a shard: of fewer than 20, all may be without a score.
 * @throws {RunError} where a score is not finite, or where none of the first 20 documents gets one.
 */
export async function scoreShard(
  documents: AsyncIterable<Document>,
  scorer: Scorer,
  path: string,
  options: { total?: number; part?: boolean; signal?: AbortSignal } = {},
): Promise<ShardScores> {
  const started = performance.now();
  const header = { scorer: scorer.name, provenance: scorer.provenance };
  // A finished file is a log too; one of another scorer stays until this one is finished.
  const partial = `${path}.partial`;
  if (await AppendLog.belongsTo(path, header)) await Deno.rename(path, partial);
  const log = await AppendLog.open<Entry>(partial, header);
  const seen = new IdSet();
  let scored = 0, unscored = 0;
  const count = ({ score }: Entry) => score === null ? unscored++ : scored++;
  for await (const entry of log.entries()) {
    seen.add(entry.id);
    count(entry);
  }
  const reused = scored + unscored;
  const progress = startProgress(scorer.name, options.total ?? 0, "documents");
  try {
    for await (const batch of batches(documents, scorer.batchSize, seen)) {
      options.signal?.throwIfAborted();
      const scores = await scorer.score(batch, options.signal);
      const found = batch.map(({ id }, i): Entry => ({ id, score: checkScore(scores[i], scorer, id) }));
      log.append(found);
      found.forEach(count);
      progress.update(scored + unscored);
      if (scored === 0 && unscored >= PROBATION) throw neverScores(unscored, scorer);
    }
    if (scored === 0 && unscored > 0 && !options.part) throw neverScores(unscored, scorer);
    await log.sync();
  } finally {
    progress.finish();
  }
  await Deno.rename(partial, path);
  return { scored, unscored, reused, seconds: (performance.now() - started) / 1000 };
}

/** Documents that were not seen before, some at a time. */
async function* batches(
  documents: AsyncIterable<Document>,
  size: number,
  seen: IdSet,
): AsyncGenerator<Document[]> {
  let batch: Document[] = [];
  for await (const document of documents) {
    if (!seen.add(document.id) || batch.push(document) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function checkScore(score: number | null | undefined, scorer: Scorer, id: string): number | null {
  if (score === null || Number.isFinite(score)) return score as number | null;
  throw new RunError(`${scorer.name} gave document ${id} the score ${score}, expected a finite number.`);
}

function neverScores(documents: number, { name, provenance, noScore }: Scorer): RunError {
  return new RunError(
    `${name} gave none of the first ${documents} documents a score: it ${noScore} (${provenance}).`,
  );
}

/**
 * The rows of a file that {@link scoreShard} made, documents without a score left out.
 *
 * @throws {RunError} naming file and line where the file was altered.
 */
export async function* readScores(path: string): AsyncGenerator<ScoreRow> {
  let header: Pick<ScoreRow, "scorer" | "provenance"> | undefined;
  for await (const line of readJsonLines<Entry & Pick<ScoreRow, "scorer" | "provenance">>(path)) {
    if (header === undefined) header = { scorer: line.scorer, provenance: line.provenance };
    else if (line.score !== null) yield { id: line.id, score: line.score, ...header };
  }
}

/** Whose scores a file has. @throws {RunError} where it does not say so. */
export async function scorerOf(path: string): Promise<ScorerIdentity> {
  for await (const { scorer: name, provenance } of readJsonLines<ScoreRow>(path)) return { name, provenance };
  throw new RunError(`${path} is empty, expected a first line that names the scorer.`);
}

/** Puts the rows of a file of scores into the catalogue's table `scores`. @returns How many there were. */
export async function insertScores(catalog: Catalog, path: string): Promise<number> {
  let rows: ScoreRow[] = [];
  let count = 0;
  const flush = async () => {
    await catalog.insert("scores", rows);
    count += rows.length;
    rows = [];
  };
  for await (const row of readScores(path)) {
    if (rows.push(row) === INSERTED_AT_ONCE) await flush();
  }
  await flush();
  return count;
}
