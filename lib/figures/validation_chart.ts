/**
 * Whether influence predicts what retraining finds.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { meanOf } from "../core/statistics.ts";
import type { LeaveOneOutAgreement, ValidationReport } from "../mixture/validation/report.ts";
import { textWidth } from "./text_width.ts";
import { compareDomains, FONT_SIZE, innerWidth, themed, type View, WIDE } from "./theme.ts";
import { capabilitiesView, documentsView } from "./validation/datamodelling.ts";
import { droppedView } from "./validation/dropped.ts";
import { LABEL_PADDING } from "./validation/rows.ts";
import { sourcesView } from "./validation/sources.ts";

/** Between panels; and of a mark at the edge, in pixels. */
const GAP = 28, STROKE = 2;

/**
 * Three rows of panels. Above: Spearman over random halves of the summed scores with the losses of models trained on them, for
 * single probe documents (a tick each; mean and interval) and for each capability's mean loss, beside the ceiling that seed noise
 * sets. Middle: influence and leave-one-out of every source. Below: what dropping a share of the candidates does to the losses.
 */
export function validationChart(report: ValidationReport, width = WIDE): TopLevelSpec {
  const wide = width >= 600, inner = innerWidth(width) - STROKE;
  const agreements = report.leaveOneOut.toSorted((a, b) => compareDomains(a.capability, b.capability));
  const sources = rankedSources(agreements);
  const names = labelRoom([...report.datamodelling.methods.map(({ method }) => method), ...sources], inner);
  const half = Math.floor((inner - names - GAP) / 2), whole = inner - names;
  const columns = wide ? Math.min(3, agreements.length) : 1;
  const panel = Math.floor((whole - GAP * (columns - 1)) / columns);
  const rows = [
    ...(wide
      ? [[documentsView(report, half, names), capabilitiesView(report, half, 0)]]
      : [[documentsView(report, whole, names)], [capabilitiesView(report, whole, names)]]),
    ...chunks(
      agreements.map((agreement, i) => sourcesView(agreement, sources, panel, i % columns === 0 ? names : 0)),
      columns,
    ),
    [droppedView(report, whole, names)],
  ];
  return themed({
    description: "Influence's predictions beside what retrained models lose.",
    vconcat: rows.map((views): View => ({ hconcat: views, spacing: GAP, bounds: "flush" })),
    spacing: GAP,
  });
}

/** Those that are worth most over all capabilities come first. */
function rankedSources(agreements: readonly LeaveOneOutAgreement[]): string[] {
  const worth = new Map<string, number>();
  for (const { source, impacts } of agreements.flatMap(({ sources }) => sources)) {
    worth.set(source, (worth.get(source) ?? 0) + meanOf(impacts));
  }
  return [...worth].sort(([, a], [, b]) => b - a).map(([source]) => source);
}

function labelRoom(names: readonly string[], inner: number): number {
  const longest = Math.max(...names.map((name) => textWidth(name, FONT_SIZE)));
  return Math.ceil(Math.min(0.5 * inner, longest) + LABEL_PADDING);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return items.flatMap((_, i) => i % size === 0 ? [items.slice(i, i + size)] : []);
}
