/**
 * How influence is spread over candidate documents.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { histogramView } from "./histogram.ts";
import type { InfluenceScore } from "./mixing_report.ts";
import { panels, type PanelSize } from "./panels.ts";
import { compareDomains, QUIET, type View, WIDE } from "./theme.ts";

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
    panelOf(capability, scores.filter((score) => score.capability === capability), size)
  );
  return panels("Influence of candidate documents on each capability, self and cross apart.", draw, width);
}

function panelOf(
  capability: string,
  scores: readonly Pick<InfluenceScore, "kind" | "influence">[],
  size: PanelSize,
): View {
  const of = (kind: InfluenceScore["kind"]) =>
    scores.filter((score) => score.kind === kind).map(({ influence }) => influence);
  const [self, cross] = [of("self"), of("cross")];
  return histogramView({
    capability,
    subtitle: [medianLine("self", self), medianLine("cross", cross)],
    bars: self,
    outline: { values: cross, mark: { color: QUIET, strokeDash: [4, 2] } },
  }, size);
}

/** "self: 812 documents, median −0.0021". */
function medianLine(kind: InfluenceScore["kind"], values: readonly number[]): string {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const count = `${kind}: ${values.length} documents`;
  return middle === undefined ? count : `${count}, median ${middle.toPrecision(2).replace("-", "−")}`;
}
