/**
 * How mixtures of different origin look, wherever they stand beside each other.
 * @module
 */
import { FAMILY_COLOURS, QUIET } from "./theme.ts";

/** A mixture's signs. */
export interface MixtureStyle {
  readonly colour: string;
  /** Vega's name of a point's shape. */
  readonly shape: string;
  /** Of its line; empty: solid. */
  readonly dash: readonly number[];
}

const MIXTURES: ReadonlyMap<string, MixtureStyle> = new Map([
  ["influence", { colour: FAMILY_COLOURS.own, shape: "circle", dash: [] }],
  ["uniform", { colour: QUIET, shape: "square", dash: [5, 3] }],
  ["tokens", { colour: FAMILY_COLOURS.olmo, shape: "diamond", dash: [2, 3] }],
  ["leave-one-out", { colour: FAMILY_COLOURS.smollm, shape: "triangle-up", dash: [8, 3, 2, 3] }],
]);

/** Signs of a mixture by its name; one of a researcher's own gets a neutral style. */
export function mixtureStyle(name: string): MixtureStyle {
  return MIXTURES.get(name) ?? { colour: "#5d6b7a", shape: "cross", dash: [3, 3] };
}

/** Order of mixtures in every chart: the known ones, then the rest by name. */
export function compareMixtures(a: string, b: string): number {
  const known = [...MIXTURES.keys()];
  const place = (name: string) => (known.indexOf(name) + known.length + 1) % (known.length + 1);
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}
