/**
 * How much of the pool of mid-training still helps, stage by stage (the paper's Fig 8).
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { histogramView } from "./histogram.ts";
import { panels, type PanelSize } from "./panels.ts";
import { compareDomains, domainStyle, type View, WIDE } from "./theme.ts";

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
    panelOf(capability, scores.filter((score) => score.capability === capability), size)
  );
  return panels("Influence of the pool's documents on each capability, stage by stage.", draw, width);
}

function panelOf(capability: string, scores: readonly StageInfluence[], size: PanelSize): View {
  const stages = [...new Set(scores.map(({ stage }) => stage))].sort((a, b) => a - b);
  const of = (stage: number | undefined) =>
    scores.filter((score) => score.stage === stage).map(({ influence }) => influence);
  return histogramView({
    capability,
    subtitle: stages.map((stage) => `stage ${stage}: ${shareAbove(of(stage)).toFixed(0)}% above 0`),
    bars: of(stages[0]),
    outline: stages.length === 1
      ? undefined
      : { values: of(stages.at(-1)), mark: { color: domainStyle(capability).colour } },
  }, size);
}

/** Percent of the values above 0. */
function shareAbove(values: readonly number[]): number {
  return 100 * values.filter((value) => value > 0).length / values.length;
}
