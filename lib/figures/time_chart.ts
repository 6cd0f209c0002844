/**
 * Where the time went.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { formatDuration } from "../core/progress.ts";
import { barTable } from "./bar_table.ts";
import type { ReportStage } from "./run_report.ts";
import { WIDE } from "./theme.ts";

/** Time of each stage in the order they run; a hollow bar was found done and took its time in an earlier run. */
export function timeChart(
  stages: readonly Pick<ReportStage, "title" | "seconds" | "skipped">[],
  width = WIDE,
): TopLevelSpec {
  return barTable({
    description: "Time of each stage.",
    rows: stages.map(({ title }) => ({ name: title })),
    columns: [{
      title: "Time",
      bars: stages.map(({ title, seconds, skipped }) => ({
        name: title,
        value: seconds,
        label: (seconds < 10 ? `${seconds.toFixed(1)}s` : formatDuration(seconds)) +
          (skipped ? " (earlier)" : ""),
        hollow: skipped,
      })),
    }],
    sameScale: true,
  }, width);
}
