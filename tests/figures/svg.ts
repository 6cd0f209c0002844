/**
 * What a test sees of a drawing.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../../lib/figures/render.ts";

/** A chart's size and the texts that it shows, in drawing order. */
export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  readonly texts: readonly string[];
}

/** Renders a chart. */
export async function draw(spec: TopLevelSpec): Promise<Drawing> {
  const svg = await renderSvg(spec);
  const [, width, height] = / width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  // Text of several lines has a span a line.
  const texts = Array.from(svg.matchAll(/<(text|tspan)[^>]*>([^<]+)<\/\1>/g), ([, , text]) => text ?? "");
  return { svg, width: Number(width), height: Number(height), texts };
}
