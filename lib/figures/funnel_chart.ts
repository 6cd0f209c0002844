/**
 * The funnel of curation.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { compactNumber } from "../core/progress.ts";
import { FUNNEL_STEPS, type FunnelRow, type FunnelStep } from "../curation/funnel.ts";
import { barTable } from "./bar_table.ts";
import { WIDE } from "./theme.ts";

/** Steps that a funnel has, in order. */
export function stepsOf(rows: readonly Pick<FunnelRow, "step">[]): FunnelStep[] {
  return FUNNEL_STEPS.filter((name) => rows.some(({ step }) => step === name));
}

/** Documents of each source left after each step: a column a source on a scale of its own, its steps from top to bottom. */
export function funnelChart(
  rows: readonly Pick<FunnelRow, "source" | "step" | "documents">[],
  width = WIDE,
): TopLevelSpec {
  const sources = [...new Set(rows.map(({ source }) => source))];
  return barTable({
    description: "Funnel of curation: documents of each source that are left after each step.",
    rows: stepsOf(rows).map((name) => ({ name })),
    columns: sources.map((title) => ({
      title,
      bars: rows.filter(({ source }) => source === title).map(({ step, documents }) => ({
        name: step,
        value: documents,
        label: compactNumber(documents),
      })),
    })),
    sameScale: false,
  }, width);
}
