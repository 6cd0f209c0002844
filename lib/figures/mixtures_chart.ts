/**
 * Mixtures side by side: which share of the training tokens each source gives.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { barTable } from "./bar_table.ts";
import { formatPercent } from "./format.ts";
import type { PublishedMixture } from "./run_report.ts";
import { WIDE } from "./theme.ts";

/** A source's share of one mixture. */
export interface MixtureShare {
  /** The mixture's title: one column each, in order of appearance. */
  readonly mixture: string;
  readonly source: string;
  readonly domain?: string | undefined;
  /** Percent of the training tokens. */
  readonly percent: number;
}

/** Shares of each source, a column a mixture; a source that a mixture leaves out has no bar in it. */
export function mixturesChart(shares: readonly MixtureShare[], width = WIDE): TopLevelSpec {
  const titles = [...new Set(shares.map((share) => share.mixture))];
  const largestLast = shares.toSorted((a, b) => a.percent - b.percent);
  const domains = new Map(largestLast.map(({ source, domain }) => [source, domain]));
  const largest = new Map(largestLast.map(({ source, percent }) => [source, percent]));
  const order = [...largest.keys()].sort((a, b) => (largest.get(b) ?? 0) - (largest.get(a) ?? 0));
  return barTable({
    description: `Share of the training tokens by source: ${titles.join("; ")}.`,
    rows: order.map((name) => ({ name, domain: domains.get(name) })),
    columns: titles.map((title) => ({
      title,
      bars: shares.filter((share) => share.mixture === title).map(({ source, percent }) => ({
        name: source,
        value: percent,
        label: formatPercent(percent),
      })),
    })),
    sameScale: true,
  }, width);
}

/** Shares of a published two-phase mixture, as printed. */
export function publishedShares(published: PublishedMixture): MixtureShare[] {
  const phases = [["Phase 1", "phase1"], ["Phase 2", "phase2"]] as const;
  return phases.flatMap(([mixture, phase]) =>
    published.datasets.flatMap(({ dataset, domain, [phase]: percent }) =>
      percent === null ? [] : [{ mixture, source: dataset, domain, percent }]
    )
  );
}
