/**
 * The documents that are left in rejection sampling, as a table of the catalogue: ids and tokens, no text.
 * @module
 */
import type { Catalog } from "../catalog/catalog.ts";
import { UsageError } from "../core/errors.ts";
import type { ScorerIdentity } from "./scorer.ts";

/** What is left of one source. */
export interface Remainder {
  readonly documents: number;
  readonly tokens: number;
}

/** What a step kept by score. */
export interface Selection {
  /** Documents that had a score. */
  readonly scored: number;
  readonly kept: number;
  /** Lowest score kept; null where none is. */
  readonly lowest: number | null;
}

/** A string in SQL. */
function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A number in SQL, to the last bit. */
function double(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}

/** Which scores count: a scorer's own, by name and provenance. */
function scoredBy(scorers: readonly ScorerIdentity[]): string {
  const conditions = scorers.map(({ name, provenance }) =>
    `scorer = ${text(name)} AND provenance = ${text(provenance)}`
  );
  return `(${conditions.join(" OR ")})`;
}

/** The table `survivors`, temporary, of one catalogue. */
export class Survivors {
  readonly #catalog: Catalog;

  private constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /**
   * Begins with every document of the sources in the table `documents`.
   *
   * @throws {UsageError} for a source without documents.
   */
  static async open(catalog: Catalog, sources: readonly string[]): Promise<Survivors> {
    await catalog.execute(
      "CREATE OR REPLACE TEMP TABLE survivors (id VARCHAR, source VARCHAR, place BIGINT, tokens BIGINT)",
    );
    const survivors = new Survivors(catalog);
    for (const [place, source] of sources.entries()) {
      await catalog.execute(
        `INSERT INTO survivors SELECT id, source, ${place}, any_value(tokens) FROM documents ` +
          `WHERE source = ${text(source)} GROUP BY id, source`,
      );
      const { documents } = await survivors.remainder(source);
      if (documents > 0) continue;
      throw new UsageError(
        `Source "${source}" has no documents in the catalogue, expected some to sample from.`,
      );
    }
    return survivors;
  }

  async remainder(source: string): Promise<Remainder> {
    const [row] = await this.#rows(
      `SELECT count(*) AS documents, coalesce(sum(tokens), 0)::BIGINT AS tokens FROM survivors WHERE source = ${
        text(source)
      }`,
    );
    return { documents: Number(row?.["documents"]), tokens: Number(row?.["tokens"]) };
  }

  /** Ids of a source's documents. */
  async ids(source: string): Promise<Set<string>> {
    const rows = await this.#rows(`SELECT id FROM survivors WHERE source = ${text(source)}`);
    return new Set(rows.map(({ id }) => String(id)));
  }

  /** Scores of all documents by their ids; those without are not in it. */
  async scores(scorer: ScorerIdentity): Promise<Map<string, number>> {
    const rows = await this.#rows(
      `SELECT id, max(score) AS score FROM scores WHERE ${
        scoredBy([scorer])
      } AND id IN (SELECT id FROM survivors) GROUP BY id`,
    );
    return new Map(rows.map(({ id, score }) => [String(id), Number(score)]));
  }

  /** Takes the scorer's rows for a source out of the table `scores`, so that they can be put in anew. */
  async forgetScores(source: string, scorer: ScorerIdentity): Promise<void> {
    await this.#catalog.execute(
      `DELETE FROM scores WHERE ${scoredBy([scorer])} AND id IN (SELECT id FROM documents WHERE source = ${
        text(source)
      })`,
    );
  }

  /** Keeps a source's documents with a score above a threshold; where there are none, nothing changes. */
  async keepAbove(source: string, scorer: ScorerIdentity, threshold: number): Promise<Selection> {
    await this.#readStepScores(source, [scorer]);
    const condition = `score > ${double(threshold)}`;
    const selection = await this.#select(condition);
    if (selection.kept > 0) await this.#keep(source, condition);
    return selection;
  }

  /**
   * Keeps the best share of a source's documents, by the highest score that one of the scorers gives: ⌈share · n⌉ of the n that have
   * one, and all that equal the last of those, since the score does not tell them apart. Without a score a document is not kept.
   */
  async keepTop(source: string, scorers: readonly ScorerIdentity[], share: number): Promise<Selection> {
    const scored = await this.#readStepScores(source, scorers);
    // The small number is for shares such as 0.1, whose product with 30 is above 3.
    const places = Math.max(1, Math.ceil(share * scored - 1e-9));
    const condition = `score >= (SELECT score FROM step_scores ORDER BY score DESC LIMIT 1 OFFSET ${
      places - 1
    })`;
    const selection = await this.#select(condition);
    await this.#keep(source, condition);
    return selection;
  }

  /** Keeps a random sample of a source's documents: those whose hash of id and seed is lowest. */
  async keepSample(source: string, documents: number, seed: number): Promise<void> {
    await this.#catalog.execute(
      `DELETE FROM survivors WHERE source = ${
        text(source)
      } AND id NOT IN (SELECT id FROM survivors WHERE source = ${
        text(source)
      } ORDER BY md5(id || ':${seed}'), id LIMIT ${documents})`,
    );
  }

  /** Keeps each source's best documents by a score, of equal ones those with the lowest ids. */
  async keepBest(scorer: ScorerIdentity, documents: number): Promise<void> {
    await this.#catalog.execute(
      `DELETE FROM survivors WHERE id NOT IN (
        SELECT id FROM survivors LEFT JOIN (SELECT id, max(score) AS score FROM scores WHERE ${
        scoredBy([scorer])
      } GROUP BY id) USING (id)
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY score DESC NULLS LAST, id) <= ${documents}
      )`,
    );
  }

  /** Keeps the first source's document of each text. */
  async dropExactDuplicates(): Promise<void> {
    await this.#catalog.execute(
      "DELETE FROM survivors WHERE (id, place) NOT IN (SELECT id, min(place) FROM survivors GROUP BY id)",
    );
  }

  /** Drops documents by their ids, from all sources. */
  async drop(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#catalog.execute("CREATE OR REPLACE TEMP TABLE dropped (id VARCHAR)");
    await this.#catalog.insert("dropped", ids.map((id) => ({ id })));
    await this.#catalog.execute(
      "DELETE FROM survivors WHERE id IN (SELECT id FROM dropped); DROP TABLE dropped",
    );
  }

  /** Replaces the table `representatives` (id, source) by what is left, and takes the temporary tables away. */
  async save(): Promise<void> {
    await this.#catalog.execute(
      "CREATE OR REPLACE TABLE representatives AS SELECT id, source FROM survivors ORDER BY place, id; " +
        "DROP TABLE survivors; DROP TABLE IF EXISTS step_scores",
    );
  }

  /** Puts the scores of a source's documents into `step_scores`. @returns How many there are. */
  async #readStepScores(source: string, scorers: readonly ScorerIdentity[]): Promise<number> {
    await this.#catalog.execute(
      "CREATE OR REPLACE TEMP TABLE step_scores AS SELECT id, max(score) AS score FROM scores " +
        `WHERE ${scoredBy(scorers)} AND id IN (SELECT id FROM survivors WHERE source = ${
          text(source)
        }) GROUP BY id`,
    );
    const [row] = await this.#rows("SELECT count(*) AS scored FROM step_scores");
    return Number(row?.["scored"]);
  }

  /** What a condition on `step_scores` selects. */
  async #select(condition: string): Promise<Selection> {
    const [row] = await this.#rows(
      "SELECT count(*) AS scored, count(score) FILTER (chosen) AS kept, min(score) FILTER (chosen) AS lowest " +
        `FROM (SELECT score, ${condition} AS chosen FROM step_scores)`,
    );
    const lowest = row?.["lowest"];
    return {
      scored: Number(row?.["scored"]),
      kept: Number(row?.["kept"]),
      lowest: typeof lowest === "number" ? lowest : null,
    };
  }

  /** Keeps what a condition on `step_scores` selects of a source. */
  #keep(source: string, condition: string): Promise<void> {
    return this.#catalog.execute(
      `DELETE FROM survivors WHERE source = ${
        text(source)
      } AND id NOT IN (SELECT id FROM step_scores WHERE ${condition})`,
    );
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await this.#catalog.query(sql)).objects() as Record<string, unknown>[];
  }
}
