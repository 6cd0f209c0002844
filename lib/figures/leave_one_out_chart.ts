/**
 * What each source is worth, by leaving it out.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LeaveOneOutImpact } from "./mixing_report.ts";
import { SIGNED_LABEL } from "./panels.ts";
import { textWidth } from "./text_width.ts";
import {
  compareDomains,
  domainStyle,
  type Encoding,
  FAINT,
  FONT_SIZE,
  innerWidth,
  type Layer,
  QUIET,
  themed,
  type View,
  WIDE,
} from "./theme.ts";

const ROW_HEIGHT = 24, GAP = 24, LABEL_PADDING = 6, COLUMNS = 3;

/** The impacts after the most updates, of each source and probing set. */
export function lastImpacts(impacts: readonly LeaveOneOutImpact[]): LeaveOneOutImpact[] {
  const last = new Map<string, LeaveOneOutImpact>();
  for (const impact of impacts.toSorted((a, b) => a.step - b.step)) {
    last.set(JSON.stringify([impact.left, impact.probe]), impact);
  }
  return [...last.values()];
}

/**
 * A panel a capability, a row a source that was left out, after the last update: how much the loss rises without it, in nats per
 * token, with its interval where there is one. Right of the line the source helps. The most useful source is on top.
 */
export function leaveOneOutChart(impacts: readonly LeaveOneOutImpact[], width = WIDE): TopLevelSpec {
  const last = lastImpacts(impacts);
  const probes = [...new Set(last.map(({ probe }) => probe))].sort(compareDomains);
  const worth = (source: string) =>
    last.filter(({ left }) => left === source).reduce((sum, { mean }) => sum + mean, 0);
  const sources = [...new Set(last.map(({ left }) => left))].sort((a, b) => worth(b) - worth(a));
  const ends = [0, ...last.flatMap(({ mean, low, high }) => [low ?? mean, high ?? mean])];
  const margin = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 0.01;
  const scale: Scale = {
    sources,
    domain: [Math.min(...ends) - margin, Math.max(...ends) + margin],
  };

  const inner = innerWidth(width);
  const columns = width < 600 ? 1 : Math.min(COLUMNS, probes.length);
  const names = Math.ceil(
    Math.min(0.4 * inner, Math.max(...sources.map((source) => textWidth(source, FONT_SIZE)))) + LABEL_PADDING,
  );
  const plot = Math.floor((inner - names - GAP * (columns - 1)) / columns);
  const bands: View[] = [];
  for (let from = 0; from < probes.length; from += columns) {
    bands.push({
      hconcat: probes.slice(from, from + columns).map((probe, column) =>
        impactView(
          probe,
          last.filter((impact) => impact.probe === probe),
          scale,
          plot,
          column === 0 ? names : 0,
        )
      ),
      spacing: GAP,
      bounds: "flush",
    });
  }
  return themed({
    description: "Rise of each capability's loss where a source is left out, in nats per token.",
    vconcat: bands,
    spacing: GAP,
  });
}

/** What all panels share. */
interface Scale {
  /** From top to bottom. */
  readonly sources: readonly string[];
  readonly domain: readonly [number, number];
}

/** @param names Room for the sources' names; 0: they are not shown. */
function impactView(
  probe: string,
  impacts: readonly LeaveOneOutImpact[],
  { sources, domain }: Scale,
  width: number,
  names: number,
): View {
  const { colour, shape } = domainStyle(probe);
  const y = {
    field: "left",
    type: "ordinal",
    scale: { domain: [...sources] },
    axis: names === 0 ? null : {
      title: null,
      grid: true,
      labelFontSize: FONT_SIZE,
      labelPadding: LABEL_PADDING,
      labelLimit: names - LABEL_PADDING,
      minExtent: names,
      maxExtent: names,
    },
  } satisfies Encoding["y"];
  const x = {
    field: "mean",
    type: "quantitative",
    scale: { domain: [...domain], nice: false, zero: false },
    axis: { title: "Δ loss", tickCount: 4, labelExpr: SIGNED_LABEL, grid: false },
  } satisfies Encoding["x"];
  const intervals = impacts.filter(({ low, high }) => low !== null && high !== null);
  const layers: Layer[] = [
    {
      data: { values: [{ mean: 0 }] },
      mark: { type: "rule", color: QUIET },
      encoding: { x },
    },
    {
      data: { values: sources.map((left) => ({ left })) },
      mark: { type: "rule", color: FAINT, strokeDash: [1, 3] },
      encoding: { y, x: { value: 0 }, x2: { value: width } },
    },
    {
      data: { values: intervals },
      mark: { type: "rule", color: colour, strokeWidth: 2, opacity: 0.55 },
      encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
    },
    {
      data: { values: [...impacts] },
      mark: { type: "point", filled: true, size: 70, opacity: 1, color: colour, shape },
      encoding: { y, x },
    },
  ];
  return { width, height: ROW_HEIGHT * sources.length, title: { text: probe, color: colour }, layer: layers };
}
