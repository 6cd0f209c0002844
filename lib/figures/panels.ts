/**
 * Small charts of equal size over training tokens, side by side.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { type Encoding, innerWidth, themed, type View } from "./theme.ts";

/** A panel's plotting area in pixels. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

const GAP = 20, Y_AXIS = 40, WIDTH_WANTED = 220;

/**
 * Panels in rows of at most three.
 *
 * @param width Whole width in pixels.
 */
export function panels(
  description: string,
  draw: readonly ((size: PanelSize) => View)[],
  width: number,
): TopLevelSpec {
  const columns = Math.max(1, Math.min(3, draw.length, Math.floor(width / WIDTH_WANTED)));
  const size = {
    width: Math.floor((innerWidth(width) - GAP * (columns - 1)) / columns) - Y_AXIS,
    height: columns === 1 && width < 600 ? 150 : 180,
  };
  return themed({ description, columns, spacing: GAP, concat: draw.map((panel) => panel(size)) });
}

/** Vega expression of an axis label: 1500000 as "1.5M". */
export const AMOUNT_LABEL = "datum.value ? replace(format(datum.value, '~s'), 'G', 'B') : '0'";

/** Vega expression of an axis label: a difference with its sign, 0 without. */
export const SIGNED_LABEL = "datum.value ? format(datum.value, '+~g') : '0'";

/** The horizontal axis of every panel: training tokens. */
export function tokensAxis(to: number): NonNullable<Encoding["x"]> {
  return {
    field: "tokens",
    type: "quantitative",
    scale: { domain: [0, to], nice: false },
    axis: { title: "tokens", tickCount: 4, labelExpr: AMOUNT_LABEL },
  };
}

/** Extents that give every panel's vertical axis the same room. */
export const FIXED_Y_AXIS = { minExtent: Y_AXIS - 1, maxExtent: Y_AXIS - 1, title: null } as const;

/** 1, 2, 5, 10, 20, 50 … within a range; without the 2s and 5s where it is wide. */
export function logTicks(low: number, high: number): number[] {
  const steps = high / low > 300 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
    ticks.push(...steps.map((step) => step * 10 ** decade).filter((tick) => tick >= low && tick <= high));
  }
  return ticks;
}
