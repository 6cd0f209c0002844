/**
 * What each source is worth along training, by leaving it out.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LeaveOneOutImpact } from "./mixing_report.ts";
import { FIXED_Y_AXIS, panels, type PanelSize, SIGNED_LABEL } from "./panels.ts";
import { compareDomains, domainStyle, type Encoding, type Layer, QUIET, type View, WIDE } from "./theme.ts";

/**
 * A panel a source that was left out, a line a capability: how much the loss rises without the source, in nats per token, over
 * updates; a band where there are intervals. Panels share their scales.
 */
export function leaveOneOutCurves(impacts: readonly LeaveOneOutImpact[], width = WIDE): TopLevelSpec {
  const ends = [0, ...impacts.flatMap(({ mean, low, high }) => [low ?? mean, high ?? mean])];
  const low = Math.min(...ends), high = Math.max(...ends);
  const margin = 0.06 * (high - low) || 0.01;
  const domain = [low - margin, high + margin] as const;
  const steps = [0, Math.max(...impacts.map(({ step }) => step))] as const;
  const sources = [...new Set(impacts.map(({ left }) => left))];
  const draw = sources.map((source) => (size: PanelSize) =>
    curvesView(source, impacts.filter(({ left }) => left === source), { domain, steps }, size)
  );
  return panels(
    "Rise of each capability's loss over updates where a source is left out, a panel a source.",
    draw,
    width,
  );
}

function curvesView(
  source: string,
  impacts: readonly LeaveOneOutImpact[],
  { domain, steps }: { domain: readonly [number, number]; steps: readonly [number, number] },
  size: PanelSize,
): View {
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [...steps], nice: false },
    axis: { title: "updates", tickCount: 4 },
  } satisfies Encoding["x"];
  const y = {
    field: "mean",
    type: "quantitative",
    scale: { domain: [...domain], nice: false, zero: false },
    axis: { ...FIXED_Y_AXIS, tickCount: 4, labelExpr: SIGNED_LABEL },
  } satisfies Encoding["y"];
  const lines = [...new Set(impacts.map(({ probe }) => probe))].sort(compareDomains).flatMap(
    (probe): Layer[] => {
      const { colour, shape } = domainStyle(probe);
      const values = impacts.filter((impact) => impact.probe === probe);
      return [
        {
          data: { values: values.filter(({ low, high }) => low !== null && high !== null) },
          mark: { type: "area", color: colour, opacity: 0.12 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
        },
        {
          data: { values },
          mark: { type: "line", color: colour, point: { shape, color: colour, filled: true, size: 34 } },
          encoding: { x, y },
        },
      ];
    },
  );
  return {
    ...size,
    title: { text: `without ${source}` },
    layer: [
      { data: { values: [{ mean: 0 }] }, mark: { type: "rule", color: QUIET }, encoding: { y } },
      ...lines,
    ],
  };
}
