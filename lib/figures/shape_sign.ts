/**
 * Shapes of points as characters, so that a caption can say what they stand for.
 * @module
 */

const SIGNS: ReadonlyMap<string, string> = new Map([
  ["circle", "●"],
  ["square", "■"],
  ["diamond", "◆"],
  ["triangle-up", "▲"],
  ["cross", "✚"],
]);

/**
 * The character that looks like one of Vega's shapes; "•" for one that the charts do not use.
 *
 * @example
 * ```ts
 * import { shapeSign } from "./shape_sign.ts";
 * import { domainStyle } from "./theme.ts";
 * import assert from "node:assert/strict";
 * assert.equal(shapeSign(domainStyle("math").shape), "■");
 * ```
 */
export function shapeSign(shape: string): string {
  return SIGNS.get(shape) ?? "•";
}
