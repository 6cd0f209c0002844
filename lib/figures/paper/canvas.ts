/**
 * Drawing by hand in Vega-Lite: texts, boxes and lines at pixels, counted from the upper left corner.
 * @module
 */
import type { Encoding, Layer } from "../theme.ts";

/** Pixels of a drawing. */
export interface CanvasSize {
  readonly width: number;
  readonly height: number;
}

/** A text; `x` is its left or right end, or its middle. */
export interface PlacedText {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly align: "left" | "right" | "center";
  readonly weight: 400 | 600;
  readonly colour: string;
}

/** A straight line, or the box whose corners are its ends. */
export interface Span {
  readonly x: number;
  readonly y: number;
  readonly x2: number;
  readonly y2: number;
}

function places({ width, height }: CanvasSize): Pick<Encoding, "x" | "y"> {
  const place = (field: string, length: number) =>
    ({
      field,
      type: "quantitative",
      axis: null,
      scale: { domain: [0, length], range: [0, length] },
    }) satisfies Encoding["x"];
  return { x: place("x", width), y: place("y", height) };
}

/** Texts, each in its own weight and colour. */
export function textLayer(texts: readonly PlacedText[], size: CanvasSize, fontSize: number): Layer {
  return {
    data: { values: texts.map((text) => ({ ...text })) },
    mark: {
      type: "text",
      baseline: "middle",
      fontSize,
      align: { expr: "datum.align" },
      fontWeight: { expr: "datum.weight" },
    },
    encoding: {
      ...places(size),
      text: { field: "text", type: "nominal" },
      color: { field: "colour", type: "nominal", scale: null },
    },
  };
}

/** Boxes or lines in one look, whose properties are those of Vega-Lite's marks. */
export function spanLayer(
  type: "rect" | "rule",
  spans: readonly Span[],
  size: CanvasSize,
  look: Readonly<Record<string, unknown>>,
): Layer {
  return {
    data: { values: spans.map((span) => ({ ...span })) },
    mark: { type, ...look },
    encoding: { ...places(size), x2: { field: "x2" }, y2: { field: "y2" } },
  };
}
