/**
 * Leave-one-out beside influence, a row a source.
 * @module
 */
import { meanOf } from "../../core/statistics.ts";
import type { LeaveOneOutAgreement } from "../../mixture/validation/report.ts";
import { domainStyle, type Encoding, type Layer, type View } from "../theme.ts";
import { guides, rowsAxis, signOf, titleShift } from "./rows.ts";

const ROW_HEIGHT = 24;

/**
 * One capability: the loss that a source's absence costs, with the range over seeds, and its influence a token.
 *
 * @param sources From top to bottom.
 * @param room For their names; 0: they are not shown.
 */
export function sourcesView(
  { capability, sources: all, methods, seedToSeed }: LeaveOneOutAgreement,
  sources: readonly string[],
  width: number,
  room: number,
): View {
  const { colour, shape } = domainStyle(capability);
  const points = all.map(({ source, densities, impacts }) => ({
    row: source,
    density: densities.find(({ method }) => method === "influence")?.density ?? NaN,
    mean: meanOf(impacts),
    low: Math.min(...impacts),
    high: Math.max(...impacts),
  }));
  const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs)) || 1;
  // Units differ, orders are what is compared.
  const scale = largest(points.map(({ mean }) => mean)) / largest(points.map(({ density }) => density));
  const influence = points.map(({ row, density }) => ({ row, mean: scale * density }));
  const found = methods.find(({ method }) => method === "influence")?.spearman ?? NaN;
  const x = {
    field: "mean",
    type: "quantitative",
    scale: { nice: false, zero: true, padding: 8 },
    axis: { title: "Δ loss, nats a token", tickCount: 4, format: "~g", grid: false },
  } satisfies Encoding["x"];
  const y = rowsAxis(sources, room);
  const sign = (filled: boolean, yOffset: number, data: readonly { row: string; mean: number }[]): Layer => ({
    data: { values: [...data] },
    mark: { type: "point", filled, size: 55, opacity: 1, color: colour, shape, yOffset },
    encoding: { y, x },
  });
  return {
    width,
    height: ROW_HEIGHT * sources.length,
    title: {
      dx: titleShift(width, room),
      text: `${capability} without a source`,
      color: colour,
      subtitle: [
        `Spearman ${found.toFixed(2)}, seed to seed ${seedToSeed.toFixed(2)}`,
        `${signOf(shape, true)} Δ loss   ${signOf(shape, false)} influence, scaled`,
      ],
    },
    layer: [
      ...guides(sources, x, y, width),
      {
        data: { values: points },
        mark: { type: "rule", color: colour, strokeWidth: 2, opacity: 0.5, yOffset: -4 },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      sign(true, -4, points),
      sign(false, 5, influence),
    ],
  };
}
