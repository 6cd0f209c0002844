/**
 * Values of a capability's documents as bars, with others as an outline over them.
 * @module
 */
import { FIXED_Y_AXIS, type PanelSize } from "./panels.ts";
import { domainStyle, type Encoding, type Layer, QUIET, type View } from "./theme.ts";

const BINS = 40;

/** Share of the values at either end that is gathered in the outermost bins. */
const TAIL = 0.01;

/** A bar of a histogram: from where to where, and which share of the documents is there. */
interface HistogramBin {
  readonly from: number;
  readonly to: number;
  /** Percent of the documents of its kind. */
  readonly percent: number;
}

/** What a panel shows. */
export interface HistogramPanel {
  readonly capability: string;
  /** Lines below the title. */
  readonly subtitle: readonly string[];
  /** Shown as bars. */
  readonly bars: readonly number[];
  /** Shown as an outline in its own stroke; undefined: none is drawn. */
  readonly outline:
    | { readonly values: readonly number[]; readonly mark: Record<string, unknown> }
    | undefined;
}

/** Percent of the bars' and of the outline's values over one range, which has zero in it. */
export function histogramView(
  { capability, subtitle, bars, outline }: HistogramPanel,
  size: PanelSize,
): View {
  const { colour } = domainStyle(capability);
  const range = trimmedRange([...bars, ...outline?.values ?? []]);
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
  const layers: Layer[] = [{
    data: { values: histogram(bars, range) },
    mark: { type: "bar", color: colour, opacity: 0.4, binSpacing: 0 },
    encoding: { x: { ...x, field: "from", bin: { binned: true } }, x2: { field: "to" }, y },
  }];
  if (outline !== undefined) {
    layers.push({
      data: { values: steps(histogram(outline.values, range)) },
      mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5, ...outline.mark },
      encoding: { x: { ...x, field: "from" }, y },
    });
  }
  layers.push({
    data: { values: [{ from: 0 }] },
    mark: { type: "rule", color: QUIET },
    encoding: { x: { ...x, field: "from" } },
  });
  return { ...size, title: { text: capability, color: colour, subtitle: [...subtitle] }, layer: layers };
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
 * import { histogram } from "./histogram.ts";
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

/** A histogram as points of a stepped line, which goes down to zero at both ends. */
function steps(bins: readonly HistogramBin[]): Pick<HistogramBin, "from" | "percent">[] {
  const last = bins.at(-1);
  return [...bins, ...(last === undefined ? [] : [{ from: last.to, percent: last.percent }])];
}
