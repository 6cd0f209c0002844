/**
 * Figures and tables as files: Vega-Lite, SVG and PNG, and tables as Markdown and CSV too.
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { renderPng } from "../png.ts";
import { writeChart } from "../render.ts";
import type { Origin } from "../report/parts.ts";
import { idOf, type PaperItem } from "./item.ts";
import type { PaperRun } from "./paper_run.ts";
import { PUBLISHED_FIGURES } from "./published_figures.ts";
import { RUN_FIGURES } from "./run_figures.ts";
import { paperTableItems } from "./tables.ts";

/** The eleven figures, then the thirteen tables. */
export async function paperItems(): Promise<PaperItem[]> {
  return [...PUBLISHED_FIGURES, ...RUN_FIGURES, ...await paperTableItems()];
}

/**
 * Those of the names, such as "figure-2"; all where there are none.
 *
 * @throws {UsageError} for a name that is none.
 */
export async function selectItems(names: readonly string[]): Promise<PaperItem[]> {
  const all = await paperItems();
  const ids = all.map(idOf);
  const unknown = names.find((name) => !ids.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`--only has "${unknown}", expected figure-1 to figure-11 or table-1 to table-13.`);
  }
  return names.length === 0 ? all : all.filter((item) => names.includes(idOf(item)));
}

/** What was written of a figure or a table. */
export interface WrittenItem {
  readonly id: string;
  readonly title: string;
  readonly origins: readonly Origin[];
  /** The command that makes what the run lacks for it; null: nothing. */
  readonly lacks: string | null;
  readonly files: readonly string[];
}

/** Draws one, and writes it into a directory, each file atomically. */
export async function writeItem(item: PaperItem, run: PaperRun, directory: string): Promise<WrittenItem> {
  const id = idOf(item);
  const { spec, origins, lacks, table } = await item.draw(run);
  const [json, svg] = await writeChart(directory, id, spec);
  const write = async (extension: string, content: string | Uint8Array) => {
    const path = join(directory, `${id}.${extension}`);
    await writeFileAtomic(path, content);
    return path;
  };
  const files = [json, svg, await write("png", await renderPng(await Deno.readTextFile(svg)))];
  if (table !== undefined) files.push(await write("md", table.markdown), await write("csv", table.csv));
  return { id, title: item.title, origins, lacks, files };
}
