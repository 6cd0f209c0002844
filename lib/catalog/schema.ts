/**
 * The tables of a catalogue, the same in both engines.
 * @module
 */

/** The column types that both engines, Arrow and parquet have in common. Every column may be null. */
export type ColumnType = "VARCHAR" | "DOUBLE" | "BIGINT" | "BOOLEAN";

/** Column names and their types, in order. */
export type TableSchema = Readonly<Record<string, ColumnType>>;

/** Every catalogue has these tables; others may be added to it. */
export const TABLES = {
  /** One row per document. */
  documents: {
    id: "VARCHAR",
    source: "VARCHAR",
    domain: "VARCHAR",
    /** Title or path inside the source. */
    title: "VARCHAR",
    licence: "VARCHAR",
    /** ISO 639 code, "und" where it is undetermined. */
    language: "VARCHAR",
    /** UTF-16 code units. */
    characters: "BIGINT",
    tokens: "BIGINT",
  },
  /** What a scorer says of a document; scores never rewrite the corpus. */
  scores: {
    id: "VARCHAR",
    scorer: "VARCHAR",
    score: "DOUBLE",
    /** Model, prompt and version behind the score. */
    provenance: "VARCHAR",
  },
  sources: {
    source: "VARCHAR",
    domain: "VARCHAR",
    licence: "VARCHAR",
    description: "VARCHAR",
    /** Counts are null until the source has been read. */
    documents: "BIGINT",
    characters: "BIGINT",
    tokens: "BIGINT",
  },
  /** The share of a source in a mixture. */
  mixes: {
    mixture: "VARCHAR",
    source: "VARCHAR",
    /** Normalised, 0…1. */
    weight: "DOUBLE",
    /** As the mixture file has it. */
    printed: "DOUBLE",
    /** Stage of training that the mixture is for: "pretrain-1". */
    phase: "VARCHAR",
  },
  /** One row per stage of a run. */
  runs: {
    run: "VARCHAR",
    stage: "VARCHAR",
    tokens: "BIGINT",
    seconds: "DOUBLE",
    fingerprint: "VARCHAR",
  },
  /** Values over training: loss, perplexity of a probe. */
  metrics: {
    run: "VARCHAR",
    stage: "VARCHAR",
    step: "BIGINT",
    /** Training tokens seen in the stage. */
    tokens: "BIGINT",
    metric: "VARCHAR",
    value: "DOUBLE",
  },
} as const satisfies Record<string, TableSchema>;

/** A name as SQL takes any: in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Text as SQL takes it: in single quotes. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The statement that makes a table. */
export function createTable(name: string, schema: TableSchema): string {
  const columns = Object.entries(schema).map(([column, type]) => `${quoteName(column)} ${type}`);
  return `CREATE TABLE ${quoteName(name)} (${columns.join(", ")})`;
}
