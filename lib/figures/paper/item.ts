/**
 * One thing that the paper shows: a figure or a table.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Origin } from "../report/parts.ts";
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
