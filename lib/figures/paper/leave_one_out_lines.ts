/**
 * Figure 6: each capability's loss along training, a source left out.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LeaveOneOutImpact } from "../mixing_report.ts";
import { FIXED_Y_AXIS, panels, type PanelSize, SIGNED_LABEL } from "../panels.ts";
import { truncate } from "../text_width.ts";
import { compareDomains, domainStyle, type Encoding, QUIET, type View } from "../theme.ts";
import { spread } from "./spread.ts";

/** Wider than other charts: every line is labelled at its end. */
export const LEAVE_ONE_OUT_WIDTH = 1160;
const LABELS = 150, LABEL_SIZE = 11, LABEL_GAP = 13, HEIGHT = 240;

/** Of the sources of a domain, in their order. */
const DASHES = [[1, 0], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2]] as const;

/**
 * A panel a capability, a line a source: how much the loss rises without it, in nats per token, over updates; colours are the sources'
 * domains, and dashes tell those of a domain apart.
 *
 * @param domains The sources'; those that it lacks get a neutral colour.
 */
export function leaveOneOutLines(
  impacts: readonly LeaveOneOutImpact[],
  domains: ReadonlyMap<string, string>,
): TopLevelSpec {
  const probes = [...new Set(impacts.map(({ probe }) => probe))].sort(compareDomains);
  const sources = [...new Set(impacts.map(({ left }) => left))];
  const ofDomain = new Map<string, number>();
  const styles = new Map(sources.map((source) => {
    const domain = domains.get(source) ?? "";
    const place = ofDomain.get(domain) ?? 0;
    ofDomain.set(domain, place + 1);
    return [source, { colour: domainStyle(domain).colour, dash: DASHES[place % DASHES.length] ?? [] }];
  }));
  return panels(
    "Rise of each capability's loss over updates where a source is left out, a panel a capability.",
    probes.map((probe) => (size: PanelSize) =>
      capabilityView(probe, impacts.filter((impact) => impact.probe === probe), styles, size)
    ),
    LEAVE_ONE_OUT_WIDTH,
  );
}

function capabilityView(
  probe: string,
  impacts: readonly LeaveOneOutImpact[],
  styles: ReadonlyMap<string, { readonly colour: string; readonly dash: readonly number[] }>,
  { width }: PanelSize,
): View {
  const plot = width - LABELS;
  const values = [0, ...impacts.map(({ mean }) => mean)];
  const margin = 0.06 * (Math.max(...values) - Math.min(...values)) || 0.01;
  const low = Math.min(...values) - margin, high = Math.max(...values) + margin;
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0, Math.max(...impacts.map(({ step }) => step))], nice: false },
    axis: { title: "updates", tickCount: 4 },
  } satisfies Encoding["x"];
  const y = {
    field: "mean",
    type: "quantitative",
    scale: { domain: [low, high], nice: false, zero: false },
    axis: { ...FIXED_Y_AXIS, tickCount: 5, labelExpr: SIGNED_LABEL },
  } satisfies Encoding["y"];
  const points = impacts.map(({ left, step, mean }) => ({
    ...{ source: left, step, mean },
    colour: styles.get(left)?.colour ?? QUIET,
  }));
  const last = [...Map.groupBy(points, ({ source }) => source).values()].flatMap((own) =>
    own.toSorted((a, b) => b.step - a.step).slice(0, 1)
  );
  // In pixels from the top and back: labels keep their distance on the page.
  const places = spread(last.map(({ mean }) => HEIGHT * (high - mean) / (high - low)), LABEL_GAP, HEIGHT);
  const labels = last.map(({ source, colour }, i) => ({
    ...{ label: truncate(source, LABELS - 8, LABEL_SIZE), colour },
    mean: high - (places[i] ?? 0) * (high - low) / HEIGHT,
  }));
  const colour = { field: "colour", type: "nominal", scale: null } satisfies Encoding["color"];
  return {
    width: plot,
    height: HEIGHT,
    title: { text: probe, color: domainStyle(probe).colour },
    layer: [
      { data: { values: [{ mean: 0 }] }, mark: { type: "rule", color: QUIET }, encoding: { y } },
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 1.5 },
        encoding: {
          x,
          y,
          color: colour,
          strokeDash: {
            field: "source",
            type: "nominal",
            scale: {
              domain: [...styles.keys()],
              range: Array.from(styles.values(), ({ dash }) => [...dash]),
            },
            legend: null,
          },
        },
      },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", fontSize: LABEL_SIZE },
        encoding: {
          x: { value: plot + 6 },
          y: { ...y, field: "mean" },
          color: colour,
          text: { field: "label", type: "nominal" },
        },
      },
    ],
  };
}
