/**
 * How influence is spread over candidate documents.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { InfluenceScore } from "./mixing_report.ts";
import { FIXED_Y_AXIS, panels, type PanelSize } from "./panels.ts";
import { compareDomains, domainStyle, type Encoding, type Layer, QUIET, type View, WIDE } from "./theme.ts";

const BINS = 40;

/** Share of the documents at either end that is gathered in the outermost bins. */
const TAIL = 0.01;

/** A bar of a histogram: from where to where, and which share of the documents is there. */
interface HistogramBin {
  readonly from: number;
  readonly to: number;
  /** Percent of the documents of its kind. */
  readonly percent: number;
}

/**
 * A panel a capability: percent of the candidates by their influence on it, those of its own sources (self) filled, those of other
 * domains (cross) as a dashed outline. The outermost bins hold what lies further out.
 *
 * @param scores Of one checkpoint, or joint: each document counts once.
 */
export function influenceHistogram(
  scores: readonly Pick<InfluenceScore, "capability" | "kind" | "influence">[],
  width = WIDE,
): TopLevelSpec {
  const capabilities = [...new Set(scores.map(({ capability }) => capability))].sort(compareDomains);
  const draw = capabilities.map((capability) => (size: PanelSize) =>
    histogramView(capability, scores.filter((score) => score.capability === capability), size)
  );
  return panels("Influence of candidate documents on each capability, self and cross apart.", draw, width);
}

function histogramView(
  capability: string,
  scores: readonly Pick<InfluenceScore, "kind" | "influence">[],
  size: PanelSize,
): View {
  const { colour } = domainStyle(capability);
  const of = (kind: InfluenceScore["kind"]) =>
    scores.filter((score) => score.kind === kind).map(({ influence }) => influence);
  const range = trimmedRange(scores.map(({ influence }) => influence));
  const x = {
    type: "quantitative",
    scale: { domain: [...range], nice: false, zero: false },
    axis: { title: "influence", tickCount: 4, format: "~g" },
  } satisfies Encoding["x"];
  const y = {
    field: "percent",
    type: "quantitative",
    axis: { ...FIXED_Y_AXIS, tickCount: 4, labelExpr: "datum.label + '%'" },
  } satisfies Encoding["y"];
  const layers: Layer[] = [
    {
      data: { values: histogram(of("self"), range) },
      mark: { type: "bar", color: colour, opacity: 0.4, binSpacing: 0 },
      encoding: { x: { ...x, field: "from", bin: { binned: true } }, x2: { field: "to" }, y },
    },
    {
      // The outline goes down to zero at both ends.
      data: { values: outline(histogram(of("cross"), range)) },
      mark: { type: "line", interpolate: "step-after", color: QUIET, strokeDash: [4, 2], strokeWidth: 1.5 },
      encoding: { x: { ...x, field: "from" }, y },
    },
    {
      data: { values: [{ from: 0 }] },
      mark: { type: "rule", color: QUIET },
      encoding: { x: { ...x, field: "from" } },
    },
  ];
  return {
    ...size,
    title: {
      text: capability,
      color: colour,
      subtitle: [medianLine("self", of("self")), medianLine("cross", of("cross"))],
    },
    layer: layers,
  };
}

/** "self: 812 documents, median −0.0021". */
function medianLine(kind: InfluenceScore["kind"], values: readonly number[]): string {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const count = `${kind}: ${values.length} documents`;
  return middle === undefined ? count : `${count}, median ${middle.toPrecision(2).replace("-", "−")}`;
}

/** The range without its tails, with zero in it. */
function trimmedRange(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const low = Math.min(0, at(TAIL)), high = Math.max(0, at(1 - TAIL));
  return low < high ? [low, high] : [-1, 1];
}

/**
 * Percent of the values in bins of equal width; those outside the range count in the outermost.
 *
 * @example
 * ```ts
 * import { histogram } from "./influence_histogram.ts";
 * import assert from "node:assert/strict";
 * const bins = histogram([-5, 0.1, 0.2, 0.9], [0, 1], 2);
 * assert.deepEqual(bins.map(({ percent }) => percent), [75, 25]);
 * ```
 */
export function histogram(
  values: readonly number[],
  [low, high]: readonly [number, number],
  bins: number = BINS,
): HistogramBin[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / (high - low) * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const edge = (i: number) => low + (high - low) * i / bins;
  return counts.map((count, i) => ({
    from: edge(i),
    to: edge(i + 1),
    percent: 100 * count / Math.max(1, values.length),
  }));
}

/** A histogram as points of a stepped line. */
function outline(bins: readonly HistogramBin[]): Pick<HistogramBin, "from" | "percent">[] {
  const last = bins.at(-1);
  return [...bins, ...(last === undefined ? [] : [{ from: last.to, percent: last.percent }])];
}
