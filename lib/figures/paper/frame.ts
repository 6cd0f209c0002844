/**
 * What every figure and table of the paper has around it: its number and title, and whose numbers it shows.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { PaperTable } from "../../catalog/published.ts";
import type { Origin } from "../report/parts.ts";
import { textWidth, wrap } from "../text_width.ts";
import { FONT_SIZE, innerWidth, themed, WIDE } from "../theme.ts";

/** What is said around a chart. */
export interface Caption {
  /** "Figure 6", "Table 13". */
  readonly place: string;
  readonly title: string;
  /** How to read it. */
  readonly lead: string;
  readonly origins: readonly Origin[];
}

/** Of a table of the paper. */
export function publishedOrigin({ source }: Pick<PaperTable, "source">): Origin {
  return { kind: "published", source };
}

/**
 * "Published: MobileLLM-R1 …, Table 6." or "Own run: `deno task loo --run demo`, …".
 *
 * @example
 * ```ts
 * import { originLine } from "./frame.ts";
 * import assert from "node:assert/strict";
 * assert.equal(originLine({ kind: "own", source: "deno task loo" }), "Own run: deno task loo.");
 * ```
 */
export function originLine({ kind, source }: Origin): string {
  return `${kind === "own" ? "Own run" : "Published"}: ${source}.`;
}

/** The chart below its caption, which is as wide as the chart, in pixels. */
export function framed(
  spec: TopLevelSpec,
  { place, title, lead, origins }: Caption,
  width = WIDE,
): TopLevelSpec {
  const lines = [lead, ...origins.map(originLine)].filter((line) => line !== "");
  return {
    ...spec,
    description: `${place}: ${title}. ${lines.join(" ")}`,
    title: {
      text: `${place}. ${title}`,
      subtitle: lines.flatMap((line) => wrap(line, innerWidth(width), FONT_SIZE)),
      anchor: "start",
      offset: 18,
    },
  };
}

/** What stands in a figure's place where there is nothing to draw: why, and the command that changes it. */
export function notDrawn(place: string, title: string, command: string): TopLevelSpec {
  const text = `Not drawn: no run has it yet; this makes it: ${command}`;
  return themed({
    description: `${place}: ${title}. ${text}`,
    title: { text: `${place}. ${title}` },
    width: Math.ceil(textWidth(text, FONT_SIZE)),
    height: 20,
    data: { values: [{ text }] },
    mark: { type: "text", align: "left", baseline: "middle" },
    encoding: { x: { value: 0 }, y: { value: 10 }, text: { field: "text", type: "nominal" } },
  });
}
