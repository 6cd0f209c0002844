/**
 * One thing that the paper shows: a figure or a table.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Origin } from "../report/parts.ts";
import { framed } from "./frame.ts";
import type { PaperRun } from "./paper_run.ts";

/** A figure or a table. */
export interface PaperItem {
  /** "Figure 6", "Table 13". */
  readonly place: string;
  readonly title: string;
  /** Draws it with what the run has. */
  readonly draw: (run: PaperRun) => Promise<Drawing>;
}

/** How it came out. */
export interface Drawing {
  readonly spec: TopLevelSpec;
  /** Whose numbers are in it; nobody's in a diagram, or where there was nothing to draw. */
  readonly origins: readonly Origin[];
  /** The command that makes what the run lacks for it; null: it lacks nothing. */
  readonly lacks: string | null;
  /** A table's contents. */
  readonly table?: { readonly markdown: string; readonly csv: string };
}

/** A figure before it has its number and title. */
export interface Figure extends Omit<Drawing, "spec" | "table"> {
  readonly chart: TopLevelSpec;
  /** How to read it. */
  readonly lead: string;
}

/** A figure that is always drawn. */
export function paperFigure(
  place: string,
  title: string,
  compose: (run: PaperRun) => Promise<Figure>,
): PaperItem {
  return {
    place,
    title,
    draw: async (run) => {
      const { chart, lead, origins, lacks } = await compose(run);
      return { spec: framed(chart, { place, title, lead, origins }), origins, lacks };
    },
  };
}

/**
 * The name of its files.
 *
 * @example
 * ```ts
 * import { idOf } from "./item.ts";
 * import assert from "node:assert/strict";
 * assert.equal(idOf({ place: "Figure 6" }), "figure-6");
 * ```
 */
export function idOf({ place }: Pick<PaperItem, "place">): string {
  return place.toLowerCase().replace(" ", "-");
}
