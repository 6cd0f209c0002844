/**
 * How much of the pool of mid-training still helps, stage by stage (the paper's Fig 8).
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { histogram } from "./influence_histogram.ts";
import { FIXED_Y_AXIS, panels, type PanelSize } from "./panels.ts";
import { compareDomains, domainStyle, type Encoding, type Layer, QUIET, type View, WIDE } from "./theme.ts";

const BINS = 40;

/** Share of the documents at either end that is gathered in the outermost bins. */
const TAIL = 0.01;

/** Influence of a document of the pool on a capability, at the model that a stage begins with. */
export interface StageInfluence {
  /** 1, 2 … */
  readonly stage: number;
  readonly capability: string;
  /** In a unit that stages share. */
  readonly influence: number;
}

/**
 * A panel a capability: percent of the pool by its influence before the first stage, filled, and before the last, as an outline. The
 * outermost bins hold what lies further out; what lies right of the line is kept.
 */
export function compressionHistogram(scores: readonly StageInfluence[], width = WIDE): TopLevelSpec {
  const capabilities = [...new Set(scores.map(({ capability }) => capability))].sort(compareDomains);
  const draw = capabilities.map((capability) => (size: PanelSize) =>
    histogramView(capability, scores.filter((score) => score.capability === capability), size)
  );
  return panels("Influence of the pool's documents on each capability, stage by stage.", draw, width);
}

function histogramView(capability: string, scores: readonly StageInfluence[], size: PanelSize): View {
  const { colour } = domainStyle(capability);
  const stages = [...new Set(scores.map(({ stage }) => stage))].sort((a, b) => a - b);
  const of = (stage: number | undefined) =>
    scores.filter((score) => score.stage === stage).map(({ influence }) => influence);
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
  const layers: Layer[] = [{
    data: { values: histogram(of(stages[0]), range, BINS) },
    mark: { type: "bar", color: colour, opacity: 0.4, binSpacing: 0 },
    encoding: { x: { ...x, field: "from", bin: { binned: true } }, x2: { field: "to" }, y },
  }];
  if (stages.length > 1) {
    const last = histogram(of(stages.at(-1)), range, BINS);
    layers.push({
      // The outline goes down to zero at both ends.
      data: { values: [...last, { from: range[1], percent: last.at(-1)?.percent }] },
      mark: { type: "line", interpolate: "step-after", color: colour, strokeWidth: 1.5 },
      encoding: { x: { ...x, field: "from" }, y },
    });
  }
  layers.push({
    data: { values: [{ from: 0 }] },
    mark: { type: "rule", color: QUIET },
    encoding: { x: { ...x, field: "from" } },
  });
  return {
    ...size,
    title: {
      text: capability,
      color: colour,
      subtitle: stages.map((stage) => `stage ${stage}: ${shareAbove(of(stage)).toFixed(0)}% above 0`),
    },
    layer: layers,
  };
}

/** Percent of the values above 0. */
function shareAbove(values: readonly number[]): number {
  return 100 * values.filter((value) => value > 0).length / values.length;
}

/** The range without its tails, with zero in it. */
function trimmedRange(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const low = Math.min(0, at(TAIL)), high = Math.max(0, at(1 - TAIL));
  return low < high ? [low, high] : [-1, 1];
}
