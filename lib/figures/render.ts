/**
 * From a Vega-Lite spec to SVG, without a browser.
 * @module
 */
import { join } from "node:path";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { fingerprint, writeFileAtomic, writeJson } from "../core/artefacts.ts";
import { escapeHtml } from "./markup.ts";
import { textWidth } from "./text_width.ts";
import { FONT } from "./theme.ts";

// Without a canvas Vega takes every character for 0.8 em, a third too wide; its typings leave out the hook for a better guess.
const { textMetrics } = vega as unknown as {
  textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
};
textMetrics.width = (item, text) => textWidth(String(text ?? ""), item.fontSize ?? 11);

/**
 * Renders a chart as SVG. Equal specs give equal bytes, and different specs in one page do not share ids.
 *
 * @throws {Error} where Vega-Lite cannot compile the spec.
 *
 * @example
 * ```ts
 * import { renderSvg } from "./render.ts";
 * import assert from "node:assert/strict";
 * const svg = await renderSvg({ data: { values: [{ x: 1 }] }, mark: "point", encoding: { x: { field: "x", type: "quantitative" } } });
 * assert.match(svg, /^<svg /);
 * ```
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  // Vega marks the rows it reads: give it its own. The drawing is one image with one label, not a tree of labelled marks.
  const compiled = compile(structuredClone(spec), { config: { aria: false } }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  try {
    const svg = renameIds(await view.toSVG(), `c${fingerprint(spec).slice(0, 10)}`);
    return nameOnce(svg, spec.description ?? "");
  } finally {
    view.finalize();
  }
}

/** Says at the root what Vega leaves out (what this is) and what it repeats at every mark (the typeface); without what nobody sees. */
function nameOnce(svg: string, description: string): string {
  const typeface = ` font-family="${escapeHtml(FONT)}"`;
  return svg.replaceAll(` font-family="${FONT}"`, "").replaceAll(EMPTY, "")
    .replace(/<[^>]+>/g, (tag) => tag.replace(IDLE, "").replace(LONG_NUMBER, hundredths))
    .replace("<svg ", `<svg role="img" aria-label="${escapeHtml(description)}"${typeface} `);
}

/** Attributes of marks that change nothing: roles in a tree that a single image does not have, and defaults. */
const IDLE = / (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*"|pointer-events="none"|opacity="1")/g;

/** Paths of groups that have neither area nor border. */
const EMPTY = /<path class="(?:foreground|background)" d="(?:M0,0h0v0h0Z)?"(?: display="none")?\/>/g;

/** Coordinates with more decimals than a screen or a printer has dots for. */
const LONG_NUMBER = /-?\d+\.\d{3,}(?:e[-+]?\d+)?/g;

function hundredths(number: string): string {
  return String(Number(Number(number).toFixed(2)));
}

/** Vega numbers clip paths and gradients across all charts of a process: number them within this one. */
function renameIds(svg: string, prefix: string): string {
  const names = new Map<string, string>();
  return svg.replace(
    /(\bid="|url\(#)((?:clip|gradient_|pattern_)\d+)/g,
    (_match, before: string, id: string) => {
      const name = names.get(id) ?? `${prefix}-${names.size}`;
      names.set(id, name);
      return before + name;
    },
  );
}

/**
 * Writes `NAME.json` (the spec) and `NAME.svg` into a directory, each atomically.
 */
export async function writeChart(
  directory: string,
  name: string,
  spec: TopLevelSpec,
): Promise<[json: string, svg: string]> {
  const svg = await renderSvg(spec);
  const paths = [join(directory, `${name}.json`), join(directory, `${name}.svg`)] as const;
  await writeJson(paths[0], spec);
  await writeFileAtomic(paths[1], svg);
  return [...paths];
}
