/**
 * How often training repeats its sources.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { barTable } from "./bar_table.ts";
import type { SourceSampling } from "./run_report.ts";
import { WIDE } from "./theme.ts";

/** A row of the chart: `stage` as it shall be titled. */
export type EpochRow = Pick<SourceSampling, "stage" | "source" | "epochs"> & {
  readonly domain?: string | undefined;
};

/** Epochs of each source, a column a stage; the dashed line is one epoch: everything seen once. */
export function epochsChart(rows: readonly EpochRow[], width = WIDE): TopLevelSpec {
  const stages = [...new Set(rows.map((row) => row.stage))];
  const sources = new Map(rows.map(({ source, domain }) => [source, domain]));
  return barTable({
    description: `Epochs of each source: ${stages.join("; ")}. The dashed line marks one epoch.`,
    rows: Array.from(sources, ([name, domain]) => ({ name, domain })),
    columns: stages.map((stage) => ({
      title: stage,
      bars: rows.filter((row) => row.stage === stage).map(({ source, epochs }) => ({
        name: source,
        value: epochs,
        label: `${epochs < 10 ? epochs.toFixed(2) : epochs.toFixed(1)}×`,
      })),
    })),
    sameScale: true,
    mark: 1,
  }, width);
}
