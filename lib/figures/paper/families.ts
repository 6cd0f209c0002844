/**
 * Families of models, as the paper tells them apart, by colour, shape and name.
 * @module
 */
import { FAMILY_COLOURS, INK } from "../theme.ts";

/** A family's signs. */
export interface Family {
  readonly name: string;
  readonly colour: string;
  /** Vega's name of a point's shape. */
  readonly shape: string;
}

/** Models whose names begin so, in the order of the charts; whatever is none of them has open weights, but not open data. */
const FAMILIES: readonly (Family & { readonly beginning: string })[] = [
  { name: "MobileLLM-R1", beginning: "MobileLLM", colour: FAMILY_COLOURS.own, shape: "circle" },
  { name: "SmolLM2", beginning: "SmolLM", colour: FAMILY_COLOURS.smollm, shape: "square" },
  { name: "OLMo 2", beginning: "OLMo", colour: FAMILY_COLOURS.olmo, shape: "triangle-up" },
  { name: "partially open", beginning: "", colour: FAMILY_COLOURS.partiallyOpen, shape: "diamond" },
];

/** Models that were trained here. */
export const OWN_FAMILY: Family = { name: "our runs", colour: INK, shape: "cross" };

/** All of them, in the order of the charts. */
export const ALL_FAMILIES: readonly Family[] = [...FAMILIES, OWN_FAMILY];

/**
 * The family of a published model.
 *
 * @example
 * ```ts
 * import { familyOf } from "./families.ts";
 * import assert from "node:assert/strict";
 * assert.equal(familyOf("OLMo-2-0425-1B-base").name, "OLMo 2");
 * assert.equal(familyOf("Qwen3-0.6B").name, "partially open");
 * ```
 */
export function familyOf(model: string): Family {
  // The last one's beginning is empty, which every name has.
  return FAMILIES.find(({ beginning }) => model.startsWith(beginning)) as Family;
}
