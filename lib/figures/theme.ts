/**
 * How every chart looks: colours with a meaning, one typeface, few lines.
 *
 * Colour is never the only sign: domains also have a shape, series are labelled where they stand, and bars are grouped
 * under their domain's name.
 * @module
 */
import type { Config, TopLevelSpec } from "vega-lite";

/** Width of a chart on a desktop page, and on a telephone, in pixels. */
export const WIDE = 860, NARROW = 340;

/** Room around every chart, in pixels: a typeface may be wider than Vega believes. */
export const PADDING = { left: 4, right: 8, top: 4, bottom: 4 } as const;

/** Typeface of charts and of the report: whatever the reader's system calls its own. */
export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Text, quiet text, lines that carry no data, and paper. */
export const INK = "#25222b", QUIET = "#6b6675", FAINT = "#dcd8e0", PAPER = "#ffffff";

/** Model families as the paper colours them: own models, SmolLM, OLMo, and models whose data are not open. */
export const FAMILY_COLOURS = {
  own: "#6d3fb4",
  smollm: "#d9730d",
  olmo: "#c79a00",
  partiallyOpen: "#8d8896",
} as const;

/** A domain's signs. */
export interface DomainStyle {
  readonly colour: string;
  /** Vega's name of a point's shape. */
  readonly shape: string;
}

const DOMAINS: ReadonlyMap<string, DomainStyle> = new Map([
  ["code", { colour: "#2463a6", shape: "circle" }],
  ["math", { colour: "#0b8573", shape: "square" }],
  ["knowledge", { colour: "#bd3f63", shape: "triangle-up" }],
  ["mail", { colour: "#8a6239", shape: "diamond" }],
]);

/** Colour and shape of a domain; one of a researcher's own gets a neutral style. */
export function domainStyle(domain: string): DomainStyle {
  return DOMAINS.get(domain) ?? { colour: "#5d6b7a", shape: "cross" };
}

/** Order of domains in every chart and table: the four known ones, then the rest by name. */
export function compareDomains(a: string, b: string): number {
  const known = [...DOMAINS.keys()];
  const place = (domain: string) => (known.indexOf(domain) + known.length + 1) % (known.length + 1);
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Sizes of ordinary text and of titles in a chart, in pixels. */
export const FONT_SIZE = 12, TITLE_SIZE = 13;

const config: Config = {
  background: PAPER,
  font: FONT,
  padding: PADDING,
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "group",
    color: INK,
    fontSize: TITLE_SIZE,
    fontWeight: 600,
    subtitleColor: QUIET,
    subtitleFontSize: FONT_SIZE,
    subtitlePadding: 3,
    offset: 8,
  },
  axis: {
    labelColor: QUIET,
    labelFontSize: 11,
    titleColor: QUIET,
    titleFontSize: 11,
    titleFontWeight: "normal",
    domainColor: FAINT,
    gridColor: "#eeebf0",
    ticks: false,
    labelPadding: 6,
  },
  axisX: { grid: false, labelFlush: true, labelBound: true, titleAnchor: "end", titlePadding: 4 },
  axisY: { domain: false },
  legend: {
    labelColor: INK,
    labelFontSize: FONT_SIZE,
    titleColor: QUIET,
    titleFontWeight: "normal",
  },
  text: { color: INK, fontSize: FONT_SIZE },
  rule: { color: QUIET },
  line: { strokeWidth: 2, strokeJoin: "round", strokeCap: "round" },
};

/** A finished spec: it names its schema and carries the theme, so that it looks the same wherever it is opened. */
export function themed(spec: TopLevelSpec): TopLevelSpec {
  return { $schema: "https://vega.github.io/schema/vega-lite/v6.json", ...spec, config };
}

/** One chart of a concatenation. */
export type View = Extract<TopLevelSpec, { concat: unknown }>["concat"][number];

/** Width that is left for a chart's content. */
export function innerWidth(width: number): number {
  return width - PADDING.left - PADDING.right;
}

/** One layer of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** What a mark's places, colours and texts come from. */
export type Encoding = NonNullable<Extract<Layer, { mark: unknown }>["encoding"]>;
