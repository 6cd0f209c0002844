/**
 * What mid-training learns: with and without compression, with and without a teacher (the paper's Fig 9).
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { formatPerplexity } from "./format.ts";
import { FIXED_Y_AXIS, logTicks, panels, type PanelSize } from "./panels.ts";
import {
  compareDomains,
  domainStyle,
  type Encoding,
  FAMILY_COLOURS,
  type Layer,
  PAPER,
  QUIET,
  type View,
  WIDE,
} from "./theme.ts";

/** A probing set's loss along one way of training. */
export interface MidtrainingPoint {
  readonly data: "original" | "sub-sampled";
  readonly teacher: boolean;
  readonly probe: string;
  /** Updates done, over all stages. */
  readonly step: number;
  /** In nats per token. */
  readonly negativeLogLikelihood: number;
}

/** Data have a colour and a shape; a teacher makes the line solid and fills the points. */
const DATA = {
  "sub-sampled": { colour: FAMILY_COLOURS.own, shape: "circle" },
  original: { colour: QUIET, shape: "square" },
} as const;

/** A panel a capability, a line a way of training: perplexity (logarithmic) over updates. */
export function distillationChart(points: readonly MidtrainingPoint[], width = WIDE): TopLevelSpec {
  const probes = [...new Set(points.map(({ probe }) => probe))].sort(compareDomains);
  const draw = probes.map((probe) => (size: PanelSize) =>
    probeView(probe, points.filter((point) => point.probe === probe), size)
  );
  return panels("Perplexity of each capability over the updates of mid-training.", draw, width);
}

function probeView(probe: string, points: readonly MidtrainingPoint[], size: PanelSize): View {
  const perplexities = points.map(({ negativeLogLikelihood }) => Math.exp(negativeLogLikelihood));
  const domain = [Math.min(...perplexities) / 1.02, Math.max(...perplexities) * 1.02] as const;
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0, Math.max(1, ...points.map(({ step }) => step))], nice: false },
    axis: { title: "updates", tickCount: 4 },
  } satisfies Encoding["x"];
  const y = {
    field: "perplexity",
    type: "quantitative",
    scale: { type: "log", domain: [...domain], nice: false },
    axis: { ...FIXED_Y_AXIS, values: ticks(...domain), format: ",~r" },
  } satisfies Encoding["y"];
  const ways = [...Map.groupBy(points, (point) => nameOf(point))];
  const layers = ways.map(([, own]): Layer => {
    const { data, teacher } = own[0] as MidtrainingPoint; // A group has at least one member.
    const { colour, shape } = DATA[data];
    return {
      data: {
        values: own.map(({ step, negativeLogLikelihood }) => ({
          step,
          perplexity: Math.exp(negativeLogLikelihood),
        })),
      },
      mark: {
        type: "line",
        color: colour,
        strokeDash: teacher ? [] : [5, 3],
        point: { shape, fill: teacher ? colour : PAPER, stroke: colour, size: 34 },
      },
      encoding: { x, y },
    };
  });
  return {
    ...size,
    title: {
      text: probe,
      color: domainStyle(probe).colour,
      subtitle: ways.map(([name, own]) => {
        const last = own.reduce((a, b) => b.step > a.step ? b : a);
        return `${name} ${formatPerplexity(Math.exp(last.negativeLogLikelihood))}`;
      }),
    },
    layer: layers,
  };
}

/** "sub-sampled, taught". */
function nameOf({ data, teacher }: Pick<MidtrainingPoint, "data" | "teacher">): string {
  return teacher ? `${data}, taught` : data;
}

/** Decades with their halves and fifths; where the range has less than two of them, its ends in three digits. */
function ticks(low: number, high: number): number[] {
  const found = logTicks(low, high);
  if (found.length > 1) return found;
  const unit = 10 ** (Math.floor(Math.log10(high)) - 2);
  return [Math.ceil(low / unit) * unit, Math.floor(high / unit) * unit];
}
