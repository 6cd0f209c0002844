/**
 * A published two-phase mixture to play with, for notebooks and for the report.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { compactNumber } from "../core/progress.ts";
import type { PublishedMixture } from "./run_report.ts";
import { compareDomains, domainStyle, INK, PAPER, themed } from "./theme.ts";

/** Pixels at the right end, where the shares stand in print. */
const LABEL_ROOM = 52;

/**
 * Shares of both phases and of every blend between them.
 *
 * A slider goes from phase 1 (○) to phase 2 (◆) and the bars follow; a click in the legend picks a domain; a dataset
 * under the pointer tells its size, shares and epochs.
 *
 * @param width Whole width in pixels.
 */
export function interactiveMixtures(
  { datasets, phaseTokens }: Pick<PublishedMixture, "datasets" | "phaseTokens">,
  width = 700,
): TopLevelSpec {
  const domains = [...new Set(datasets.map(({ domain }) => domain))].sort(compareDomains);
  const epochs = (percent: number | null, tokens: number) => (percent ?? 0) / 100 * phaseTokens / tokens;
  const values = datasets
    .toSorted((a, b) =>
      compareDomains(a.domain, b.domain) ||
      Math.max(b.phase1 ?? 0, b.phase2 ?? 0) - Math.max(a.phase1 ?? 0, a.phase2 ?? 0)
    )
    .map(({ dataset, domain, rows, tokens, phase1, phase2 }) => ({
      dataset,
      domain,
      rows,
      tokens: compactNumber(tokens),
      phase1: phase1 ?? 0,
      phase2: phase2 ?? 0,
      epochs1: epochs(phase1, tokens),
      epochs2: epochs(phase2, tokens),
    }));
  const largest = Math.max(0, ...values.flatMap(({ phase1, phase2 }) => [phase1, phase2]));
  const y = {
    field: "dataset",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, labelColor: INK, labelFontSize: 12, labelLimit: 130 },
  };
  const x = (field: string) => ({
    field,
    type: "quantitative" as const,
    stack: null,
    scale: { domain: [0, largest], nice: false, range: [0, { expr: `width - ${LABEL_ROOM}` }] },
    axis: { title: "% of the phase's tokens", grid: true, tickCount: 5 },
  });
  const picked = { condition: { param: "domain", value: 1 }, value: 0.18 };
  return themed({
    description: "Share of the training tokens by dataset, in two published pretraining phases.",
    width,
    height: 24 * values.length,
    autosize: { type: "fit-x", contains: "padding" },
    data: { values },
    params: [{
      name: "phase",
      value: 1,
      bind: { input: "range", min: 1, max: 2, step: 0.02, name: "Phase 1 → 2 " },
    }],
    transform: [
      { calculate: "datum.phase1 + (phase - 1) * (datum.phase2 - datum.phase1)", as: "share" },
      {
        calculate:
          "datum.share < 0.005 ? '–' : format(datum.share, datum.share < 0.95 ? '.2f' : '.1f') + '%'",
        as: "label",
      },
    ],
    layer: [
      {
        params: [{ name: "domain", select: { type: "point", fields: ["domain"] }, bind: "legend" }],
        mark: { type: "bar", height: 13, cornerRadiusEnd: 2 },
        encoding: {
          x: x("share"),
          y,
          color: {
            field: "domain",
            type: "nominal",
            scale: { domain: domains, range: domains.map((domain) => domainStyle(domain).colour) },
            legend: {
              orient: "top",
              title: null,
              symbolType: "square",
              columns: 2,
              offset: 6,
            },
          },
          opacity: picked,
          tooltip: [
            { field: "dataset", title: "Dataset" },
            { field: "domain", title: "Domain" },
            { field: "rows", title: "Rows", format: "," },
            { field: "tokens", title: "Tokens" },
            { field: "phase1", title: "Phase 1, %", format: ".2f" },
            { field: "phase2", title: "Phase 2, %", format: ".2f" },
            { field: "epochs1", title: "Epochs in phase 1", format: ".2f" },
            { field: "epochs2", title: "Epochs in phase 2", format: ".2f" },
          ],
        },
      },
      {
        mark: {
          type: "point",
          shape: "circle",
          filled: false,
          stroke: INK,
          fill: PAPER,
          size: 26,
          strokeWidth: 1.2,
        },
        encoding: { x: x("phase1"), y, opacity: picked },
      },
      {
        mark: { type: "point", shape: "diamond", filled: true, color: INK, size: 34 },
        encoding: { x: x("phase2"), y, opacity: picked },
      },
      {
        mark: { type: "text", align: "right", baseline: "middle" },
        encoding: { x: { value: { expr: "width" } }, y, text: { field: "label" }, opacity: picked },
      },
    ],
  });
}
