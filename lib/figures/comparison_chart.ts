/**
 * What models learn from different mixtures.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { formatPerplexity } from "./format.ts";
import type { ComparisonLoss } from "./mixing_report.ts";
import { compareMixtures, mixtureStyle } from "./mixture_styles.ts";
import { FIXED_Y_AXIS, logTicks, panels, type PanelSize } from "./panels.ts";
import { compareDomains, domainStyle, type Encoding, type Layer, type View, WIDE } from "./theme.ts";

/** Perplexity after an update: exp of the mean loss over seeds, and of the lowest and highest. */
export interface PerplexityPoint {
  readonly mixture: string;
  readonly probe: string;
  readonly step: number;
  readonly perplexity: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/** Seeds taken together, in the order of mixtures and updates. */
export function perplexities(losses: readonly ComparisonLoss[]): PerplexityPoint[] {
  const groups = Map.groupBy(losses, ({ mixture, probe, step }) => JSON.stringify([mixture, probe, step]));
  const points = Array.from(groups.values(), (group): PerplexityPoint => {
    // A group has at least one member.
    const { mixture, probe, step } = group[0] as ComparisonLoss;
    const values = group.map(({ negativeLogLikelihood }) => negativeLogLikelihood);
    return {
      mixture,
      probe,
      step,
      perplexity: Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length),
      low: Math.exp(Math.min(...values)),
      high: Math.exp(Math.max(...values)),
      seeds: values.length,
    };
  });
  return points.sort((a, b) => compareMixtures(a.mixture, b.mixture) || a.step - b.step);
}

/** A panel a capability, a line a mixture: perplexity (logarithmic) over updates, and its range over seeds. */
export function comparisonChart(losses: readonly ComparisonLoss[], width = WIDE): TopLevelSpec {
  const points = perplexities(losses);
  const probes = [...new Set(points.map(({ probe }) => probe))].sort(compareDomains);
  const draw = probes.map((probe) => (size: PanelSize) =>
    comparisonView(probe, points.filter((point) => point.probe === probe), size)
  );
  return panels("Perplexity of each capability over updates, by the mixture trained on.", draw, width);
}

function comparisonView(probe: string, points: readonly PerplexityPoint[], size: PanelSize): View {
  const domain = [
    Math.min(...points.map(({ low }) => low)) / 1.15,
    Math.max(...points.map(({ high }) => high)) * 1.15,
  ] as const;
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0, Math.max(...points.map(({ step }) => step))], nice: false },
    axis: { title: "updates", tickCount: 4 },
  } satisfies Encoding["x"];
  const y = {
    field: "perplexity",
    type: "quantitative",
    scale: { type: "log", domain: [...domain], nice: false },
    axis: { ...FIXED_Y_AXIS, values: logTicks(...domain), format: ",~r" },
  } satisfies Encoding["y"];
  const mixtures = [...new Set(points.map(({ mixture }) => mixture))];
  const lines = mixtures.flatMap((mixture): Layer[] => {
    const { colour, shape, dash } = mixtureStyle(mixture);
    const values = points.filter((point) => point.mixture === mixture);
    return [
      {
        data: { values },
        mark: { type: "area", color: colour, opacity: 0.12 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        data: { values },
        mark: {
          type: "line",
          color: colour,
          strokeDash: [...dash],
          point: { shape, color: colour, filled: true, size: 34 },
        },
        encoding: { x, y },
      },
    ];
  });
  const ends = mixtures.map((mixture) => {
    const last = points.findLast((point) => point.mixture === mixture);
    return `${mixture} ${last === undefined ? "–" : formatPerplexity(last.perplexity)}`;
  });
  return {
    ...size,
    title: { text: probe, color: domainStyle(probe).colour, subtitle: ends },
    layer: lines,
  };
}
