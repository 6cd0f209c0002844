/**
 * Boxes with arrows between them.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { wrap } from "../text_width.ts";
import { FONT_SIZE, INK, PAPER, QUIET, themed } from "../theme.ts";
import { type CanvasSize, type PlacedText, type Span, spanLayer, textLayer } from "./canvas.ts";

/** A box with a bold title over lines of text, in pixels from the upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Each is broken where the box is too narrow. */
  readonly lines: readonly string[];
  /** Of its edge and title. */
  readonly colour: string;
  /** What passes through (dashed edge), rather than what is done with it. */
  readonly data?: boolean;
}

/** Straight, with its head at the second point. */
export type Arrow = Span;

const LINE_HEIGHT = 16, INSET = 10, HEAD = 4;

/** Draws it. */
export function diagram(
  description: string,
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  size: CanvasSize,
): TopLevelSpec {
  const corners = (box: Box) => ({ x: box.x, y: box.y, x2: box.x + box.width, y2: box.y + box.height });
  const edges = boxes.map((box) => ({ ...corners(box), colour: box.colour, dashed: box.data ?? false }));
  return themed({
    description,
    ...size,
    layer: [
      spanLayer("rule", arrows, size, { color: QUIET, strokeWidth: 1.5 }),
      spanLayer("rule", arrows.flatMap(headOf), size, { color: QUIET, strokeWidth: 1.5, strokeCap: "round" }),
      spanLayer("rect", edges, size, {
        fill: PAPER,
        stroke: { expr: "datum.colour" },
        strokeDash: { expr: "datum.dashed ? [4, 3] : []" },
        strokeWidth: 1.5,
        cornerRadius: 6,
      }),
      textLayer(boxes.flatMap(textsOf), size, FONT_SIZE),
    ],
  });
}

function textsOf({ x, y, width, title, lines, colour }: Box): PlacedText[] {
  const text = (line: number, text: string, weight: 400 | 600, colour: string): PlacedText => ({
    ...{ text, weight, colour },
    x: x + INSET,
    y: y + INSET + 7 + LINE_HEIGHT * line,
    align: "left",
  });
  const broken = lines.flatMap((line) => wrap(line, width - 2 * INSET, FONT_SIZE));
  return [text(0, title, 600, colour), ...broken.map((line, i) => text(i + 1, line, 400, INK))];
}

/** Two strokes from the arrow's end, back and to the sides. */
function headOf({ x, y, x2, y2 }: Arrow): Span[] {
  const length = Math.hypot(x2 - x, y2 - y);
  const [dx, dy] = [HEAD * (x2 - x) / length, HEAD * (y2 - y) / length];
  return [1, -1].map((side) => ({
    x: x2,
    y: y2,
    x2: x2 - 1.5 * dx + side * dy,
    y2: y2 - 1.5 * dy - side * dx,
  }));
}
