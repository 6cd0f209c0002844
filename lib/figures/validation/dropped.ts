/**
 * What dropping a share of the candidates costs.
 * @module
 */
import type { ValidationReport } from "../../mixture/validation/report.ts";
import { compareDomains, domainStyle, type Encoding, type Layer, type View } from "../theme.ts";
import { guides, key, rowsAxis, titleShift } from "./rows.ts";

const ROW_HEIGHT = 30;

/** From top to bottom. */
const DROPPED_ROWS = ["top", "random", "bottom"] as const;

/** Loss without the most helpful, without random and without the least helpful candidates, less that with all; a point a seed. */
export function droppedView(
  { dropped, settings, regime }: ValidationReport,
  width: number,
  room: number,
): View {
  const capabilities = [...new Set(dropped.map(({ probe }) => probe))].sort(compareDomains);
  const whole = (seed: number, probe: string) =>
    dropped.find((loss) => loss.which === "nothing" && loss.seed === seed && loss.probe === probe)
      ?.negativeLogLikelihood ?? NaN;
  const differences = dropped.filter(({ which }) => which !== "nothing").map((
    { which, seed, probe, negativeLogLikelihood },
  ) => ({ row: rowOf(which), probe, mean: negativeLogLikelihood - whole(seed, probe) }));
  const rows = DROPPED_ROWS.map(rowOf);
  const x = {
    field: "mean",
    type: "quantitative",
    scale: { nice: false, zero: true, padding: 8 },
    axis: { title: "Δ loss, nats a token", tickCount: width < 300 ? 3 : 6, format: "+~g", grid: false },
  } satisfies Encoding["x"];
  const y = rowsAxis(rows, room);
  return {
    width,
    height: ROW_HEIGHT * rows.length,
    title: {
      dx: titleShift(width, room),
      text: `Without ${Math.round(100 * settings.dropShare)}% of the ${regime.candidates} candidates`,
      subtitle: `${key(capabilities)}   a point a seed`,
    },
    layer: [
      ...guides(rows, x, y, width),
      ...capabilities.map((capability, i): Layer => {
        const { colour, shape } = domainStyle(capability);
        return {
          data: { values: differences.filter(({ probe }) => probe === capability) },
          mark: {
            type: "point",
            filled: true,
            size: 55,
            opacity: 0.9,
            color: colour,
            shape,
            yOffset: (i - (capabilities.length - 1) / 2) * 8,
          },
          encoding: { y, x },
        };
      }),
    ],
  };
}

function rowOf(which: string): string {
  return which === "random" ? "random ones" : which === "top" ? "the most helpful" : "the least helpful";
}
