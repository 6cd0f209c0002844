/**
 * All stages on one axis: the tokens of a run, counted through.
 * @module
 */
import { FAINT, type Layer, QUIET } from "./theme.ts";

/** A stage's stretch of the axis. */
export interface Stretch {
  readonly stage: string;
  readonly title: string;
  /** What marks it in a chart: 1, 2, 3 … */
  readonly number: number;
  /** Tokens of the stages before it, and with it. */
  readonly from: number;
  readonly to: number;
}

/** Stretches of those stages that have metrics, in the order of `stages`. */
export function timeline(
  stages: readonly { name: string; title: string }[],
  metrics: readonly { stage: string; tokens: number }[],
): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { name, title } of stages) {
    const tokens = metrics.filter((entry) => entry.stage === name).map((entry) => entry.tokens);
    if (tokens.length === 0) continue;
    const from = stretches.at(-1)?.to ?? 0;
    const to = from + tokens.reduce((a, b) => Math.max(a, b));
    stretches.push({ stage: name, title, number: stretches.length + 1, from, to });
  }
  return stretches;
}

/** Lines where stages meet, and their numbers above the chart; nothing where there is one stage. */
export function stageLayers(stretches: readonly Stretch[]): Layer[] {
  if (stretches.length < 2) return [];
  return [
    {
      data: { values: stretches.slice(1).map(({ from }) => ({ tokens: from })) },
      mark: { type: "rule", color: FAINT },
      encoding: { x: { field: "tokens", type: "quantitative" } },
    },
    {
      data: { values: numbers(stretches) },
      mark: { type: "text", color: QUIET, fontSize: 11, baseline: "bottom", dy: -3 },
      encoding: {
        x: { field: "tokens", type: "quantitative" },
        y: { value: 0 },
        text: { field: "number" },
      },
    },
  ];
}

/** Stretches that are less than this share of the axis have no room for a number of their own. */
const NARROW_SHARE = 0.05;

/** The numbers and their places; those of narrow neighbours are joined: "3–4". */
function numbers(stretches: readonly Stretch[]): { tokens: number; number: string }[] {
  const end = stretches.at(-1)?.to ?? 0;
  const groups: Stretch[][] = [];
  for (const stretch of stretches) {
    const narrow = (one: Stretch | undefined) => one !== undefined && one.to - one.from < NARROW_SHARE * end;
    const last = groups.at(-1);
    if (last !== undefined && narrow(stretch) && narrow(last.at(-1))) last.push(stretch);
    else groups.push([stretch]);
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined) return [];
    const number = first === last ? `${first.number}` : `${first.number}–${last.number}`;
    return [{ tokens: (first.from + last.to) / 2, number }];
  });
}

/** "1 Pretraining · 2 Fine-tuning": what the numbers mean, for a caption; empty where there is one stage. */
export function stageKey(stretches: readonly Stretch[]): string {
  return stretches.length < 2 ? "" : stretches.map(({ number, title }) => `${number} ${title}`).join(" · ");
}
