/**
 * What training does to each capability.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Metrics, ProbeMetrics } from "../train/metrics.ts";
import { formatPerplexity } from "./format.ts";
import { FIXED_Y_AXIS, logTicks, panels, type PanelSize, tokensAxis } from "./panels.ts";
import type { ReportProbe } from "./run_report.ts";
import { compareDomains, domainStyle, type Layer, QUIET, type View, WIDE } from "./theme.ts";
import { stageLayers, type Stretch, timeline } from "./timeline.ts";

type Measurement = Pick<ProbeMetrics, "stage" | "tokens" | "probe" | "perplexity">;

/** Measurements of capabilities: fine-tuning asks answers and prompts too, which are none. */
export function ofCapabilities(
  metrics: readonly Metrics[],
  probes: readonly Pick<ReportProbe, "name">[],
): ProbeMetrics[] {
  return metrics.filter((entry) => entry.kind === "probe").filter(({ probe }) =>
    probes.some(({ name }) => name === probe)
  );
}

/**
 * A panel a capability: perplexity (logarithmic) over the tokens of all stages, and the unigram model's as a dashed line.
 *
 * @param probes Their unigram perplexities; a probe that is not among them has no dashed line.
 */
export function probeChart(
  stages: readonly { name: string; title: string }[],
  measurements: readonly Measurement[],
  probes: readonly Pick<ReportProbe, "name" | "unigram">[],
  width = WIDE,
): TopLevelSpec {
  const stretches = timeline(stages, measurements);
  const names = [...new Set(measurements.map(({ probe }) => probe))].sort(compareDomains);
  const draw = names.map((name) => (size: PanelSize) =>
    probeView(
      name,
      measurements.filter(({ probe }) => probe === name),
      probes.find((probe) => probe.name === name)?.unigram,
      stretches,
      size,
    )
  );
  return panels("Perplexity of each capability over training tokens.", draw, width);
}

function probeView(
  name: string,
  measurements: readonly Measurement[],
  unigram: number | undefined,
  stretches: readonly Stretch[],
  size: PanelSize,
): View {
  const { colour, shape } = domainStyle(name);
  const points = stretches.flatMap(({ stage, from }) =>
    measurements.filter((entry) => entry.stage === stage)
      .map(({ tokens, perplexity }) => ({ tokens: from + tokens, perplexity }))
  );
  const values = [...points.map(({ perplexity }) => perplexity), ...(unigram === undefined ? [] : [unigram])];
  const domain = [Math.min(...values) / 1.25, Math.max(...values) * 1.25] as const;
  const last = points.at(-1);
  return {
    ...size,
    title: {
      text: name,
      color: colour,
      subtitle: last === undefined ? "" : `ends at ${formatPerplexity(last.perplexity)}`,
      offset: stretches.length > 1 ? 18 : 8,
    },
    data: { values: points },
    layer: [
      ...stageLayers(stretches),
      ...(unigram === undefined ? [] : unigramLayers(unigram)),
      {
        mark: { type: "line", color: colour, point: { shape, color: colour, filled: true, size: 34 } },
        encoding: {
          x: tokensAxis(stretches.at(-1)?.to ?? 1),
          y: {
            field: "perplexity",
            type: "quantitative",
            scale: { type: "log", domain: [...domain], nice: false },
            axis: { ...FIXED_Y_AXIS, values: logTicks(...domain), format: ",~r" },
          },
        },
      },
    ],
  };
}

function unigramLayers(unigram: number): Layer[] {
  const y = { field: "perplexity", type: "quantitative" } as const;
  const data = { values: [{ perplexity: unigram }] };
  return [
    { data, mark: { type: "rule", strokeDash: [4, 3] }, encoding: { y } },
    {
      data,
      mark: { type: "text", align: "right", baseline: "bottom", dy: -3, fontSize: 11, color: QUIET },
      encoding: { x: { value: "width" }, y, text: { value: `unigram ${formatPerplexity(unigram)}` } },
    },
  ];
}
