/**
 * From SVG to PNG, without a browser. The renderer sees no typeface of the system, so it brings one: the same picture on every machine.
 * @module
 */
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { RunError } from "../core/errors.ts";

/** Inter, in the weights that charts use, by script: Latin, and Greek for Δ. */
const FONT_FAMILY = "Inter";
const FONT_FILES = ["latin-400", "latin-600", "greek-400", "greek-600"].map((name) =>
  `@fontsource/inter/files/inter-${name}-normal.woff2`
);

async function readPackageFile(specifier: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(new URL(import.meta.resolve(specifier)));
  } catch (cause) {
    throw new RunError(`${specifier} is missing, which pictures need; this installs it: deno install`, {
      cause,
    });
  }
}

async function prepare(): Promise<Uint8Array[]> {
  const [renderer, ...fonts] = await Promise.all(
    ["@resvg/resvg-wasm/index_bg.wasm", ...FONT_FILES].map(readPackageFile),
  );
  if (renderer !== undefined) await initWasm(renderer);
  return fonts;
}

// The module can be started once in a process.
let prepared: Promise<Uint8Array[]> | undefined;

/**
 * Renders an SVG as PNG. Equal SVGs give equal bytes.
 *
 * @param scale Pixels of the picture for each of the SVG.
 * @throws {RunError} where the renderer or its typeface is not installed.
 *
 * @example
 * ```ts
 * import { renderPng } from "./png.ts";
 * import assert from "node:assert/strict";
 * const png = await renderPng('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>');
 * assert.deepEqual([...png.slice(1, 4)], [...new TextEncoder().encode("PNG")]);
 * ```
 */
export async function renderPng(svg: string, scale = 2): Promise<Uint8Array> {
  prepared ??= prepare();
  const fontBuffers = await prepared;
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers, defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY },
  });
  const image = picture.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    picture.free();
  }
}
