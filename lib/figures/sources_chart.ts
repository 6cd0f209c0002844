/**
 * What the corpus is made of.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { compactNumber } from "../core/progress.ts";
import { barTable } from "./bar_table.ts";
import type { ReportSource } from "./run_report.ts";
import { WIDE } from "./theme.ts";

/** Documents and tokens of each source, by domain; the largest source of a domain first. */
export function sourcesChart(
  sources: readonly Pick<ReportSource, "name" | "domain" | "documents" | "tokens">[],
  width = WIDE,
): TopLevelSpec {
  const column = (title: string, quantity: "documents" | "tokens") => ({
    title,
    bars: sources.map((source) => ({
      name: source.name,
      value: source[quantity],
      label: compactNumber(source[quantity]),
    })),
  });
  return barTable({
    description: "Documents and tokens of each source.",
    rows: sources.toSorted((a, b) => b.tokens - a.tokens),
    columns: [column("Documents", "documents"), column("Tokens", "tokens")],
    sameScale: false,
  }, width);
}
