/**
 * What the panels of a validation share: rows with names, capabilities' signs.
 * @module
 */
import { domainStyle, type Encoding, FAINT, FONT_SIZE, INK, type Layer, QUIET } from "../theme.ts";

/** Room between names and plot, in pixels. */
export const LABEL_PADDING = 6;

/** A channel of places. */
export type Axis<Channel extends "x" | "y"> = NonNullable<Encoding[Channel]>;

/** Where the plot is narrower than a title, this begins over the names. */
export function titleShift(width: number, room: number): number {
  return width < 190 ? -room : 0;
}

/** The vertical axis of rows with names. @param room For them; 0: they are not shown. */
export function rowsAxis(rows: readonly string[], room: number) {
  return {
    field: "row",
    type: "ordinal",
    scale: { domain: [...rows] },
    axis: room === 0 ? null : {
      title: null,
      labelFontSize: FONT_SIZE,
      labelColor: INK,
      labelPadding: LABEL_PADDING,
      labelLimit: room - LABEL_PADDING,
      minExtent: room,
      maxExtent: room,
    },
  } satisfies Encoding["y"];
}

/** Zero, and a row's faint line. */
export function guides(rows: readonly string[], x: Axis<"x">, y: Axis<"y">, width: number): Layer[] {
  return [
    { data: { values: [{ mean: 0 }] }, mark: { type: "rule", color: QUIET }, encoding: { x } },
    {
      data: { values: rows.map((row) => ({ row })) },
      mark: { type: "rule", color: FAINT, strokeDash: [1, 3] },
      encoding: { y, x: { value: 0 }, x2: { value: width } },
    },
  ];
}

/** Shapes as text, so that nothing hangs on colour. */
export function key(capabilities: readonly string[]): string {
  return capabilities.map((name) => `${signOf(domainStyle(name).shape, true)} ${name}`).join("   ");
}

export function signOf(shape: string, filled: boolean): string {
  const signs: Readonly<Record<string, readonly [string, string]>> = {
    circle: ["●", "○"],
    square: ["■", "□"],
    "triangle-up": ["▲", "△"],
    diamond: ["◆", "◇"],
  };
  return (signs[shape] ?? ["✚", "+"])[filled ? 0 : 1] as string; // Both are there.
}
