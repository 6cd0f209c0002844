/**
 * The funnel of rejection sampling: what is left of each source after each step, and what the step cost.
 * @module
 */
import type { ColumnTable } from "arquero";
import type { Catalog } from "../catalog/catalog.ts";

/** Steps of rejection sampling, in order; "documents" is what there was. */
export const FUNNEL_STEPS = [
  "documents",
  "education",
  "sampled",
  "reasoning",
  "domain",
  "contamination",
  "exact duplicates",
  "near-duplicates",
  "semantic duplicates",
  "representatives",
] as const;
export type FunnelStep = typeof FUNNEL_STEPS[number];

/** What is left of a source after a step: a row of the catalogue's table `funnel`. */
export type FunnelRow = {
  readonly source: string;
  readonly step: FunnelStep;
  readonly documents: number;
  readonly tokens: number;
  /** Wall time of the step for this source; of a step over all sources at once, the source's share by documents. */
  readonly seconds: number;
  /** What the rule's exceptions did here; null: nothing. */
  readonly note: string | null;
};

/** Replaces the catalogue's table `funnel`. */
export async function saveFunnel(catalog: Catalog, rows: readonly FunnelRow[]): Promise<void> {
  await catalog.execute(
    "CREATE OR REPLACE TABLE funnel (source VARCHAR, step VARCHAR, documents BIGINT, tokens BIGINT, seconds DOUBLE, note VARCHAR)",
  );
  await catalog.insert("funnel", rows);
}

/** The table `funnel` for people: a row a source, documents left after each step, seconds in all, the notes. */
export function readFunnel(catalog: Catalog): Promise<ColumnTable> {
  const columns = FUNNEL_STEPS.map((step) => `max(documents) FILTER (step = '${step}') AS "${step}"`);
  return catalog.query(
    `SELECT source, ${
      columns.join(", ")
    }, sum(seconds) AS seconds, string_agg(step || ': ' || note, '; ') AS notes ` +
      "FROM funnel GROUP BY source ORDER BY min(rowid)",
  );
}
