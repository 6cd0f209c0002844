/**
 * What comes with the project, as tables: the paper's, the published mixtures, the source list.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { RunError, UsageError } from "../core/errors.ts";
import { type Mixture, parseMixture } from "../core/mixture.ts";
import { loadSourceSpecs } from "../sources/spec.ts";
import { type Catalog, PUBLISHED_PREFIX } from "./catalog.ts";

const PAPER = fileURLToPath(new URL("../../data/paper/", import.meta.url));
const MIXTURES = fileURLToPath(new URL("../../data/mixtures/", import.meta.url));

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const paperTable = z.strictObject({
  /** Where the paper has it: "Table 6", "Figure 1"; null: it is from elsewhere. */
  place: z.string().regex(/^(Table|Figure) \d+$/).nullable(),
  title: z.string(),
  source: z.string(),
  notes: z.string().optional(),
  columns: z.array(z.string().regex(/^[a-z0-9_]+$/)).min(1),
  /** Columns that the paper does not print: computed from those it does. */
  derived: z.array(z.string()),
  rows: z.array(z.array(cell)).min(1),
});

/** A table of the paper, as it is in `data/paper`. */
export interface PaperTable extends z.infer<typeof paperTable> {
  /** File name without extension: "pretrain_mix". */
  readonly name: string;
}

/** A value of a table of the paper. */
export type PaperCell = z.infer<typeof cell>;

async function readJsonFolder(directory: string): Promise<{ name: string; path: string; value: unknown }[]> {
  const names = (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name).sort();
  return Promise.all(
    names.filter((name) => name.endsWith(".json")).map(async (name) => {
      const path = join(directory, name);
      return { name: name.slice(0, -".json".length), path, value: JSON.parse(await Deno.readTextFile(path)) };
    }),
  );
}

/** The paper's tables, sorted by name. @throws {UsageError} for a malformed file. */
export async function loadPaperTables(): Promise<PaperTable[]> {
  return (await readJsonFolder(PAPER)).map(({ name, path, value }) => {
    const parsed = paperTable.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new UsageError(`${path}: ${issue?.path.join(".") || "table"}: ${issue?.message}.`);
    }
    const { columns, derived, rows } = parsed.data;
    if (rows.some((row) => row.length !== columns.length)) {
      throw new UsageError(`${path}: a row has another length than the ${columns.length} columns.`);
    }
    const unknown = derived.find((column) => !columns.includes(column));
    if (unknown !== undefined) throw new UsageError(`${path}: derived column "${unknown}" is no column.`);
    return { name, ...parsed.data };
  });
}

/** A table of the paper by its file's name. @throws {RunError} where it is missing. */
export async function loadPaperTable(name: string): Promise<PaperTable> {
  const table = (await loadPaperTables()).find((one) => one.name === name);
  if (table === undefined) throw new RunError(`data/paper/${name}.json is missing.`);
  return table;
}

/** The rows of a table of the paper as records. */
export function paperRecords({ columns, rows }: PaperTable): Record<string, PaperCell>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
}

/** Adds a mixture's weights to `mixes`. @param phase Stage of training it is for, where it is for one. */
export function insertMixture(catalog: Catalog, mixture: Mixture, phase: string | null): Promise<void> {
  return catalog.insert(
    "mixes",
    mixture.sources.map(({ name, weight, printed }) => ({
      mixture: mixture.name,
      source: name,
      weight,
      printed,
      phase,
    })),
  );
}

/**
 * Adds to a catalogue: `paper_…`, one for each of the paper's tables, and `paper_tables`, which says where each stands in the
 * paper; the mixtures of `data/mixtures` to `mixes` and the project's sources to `sources`, but for names that are there.
 */
export async function insertPublished(catalog: Catalog): Promise<void> {
  const tables = await loadPaperTables();
  for (const table of tables) await catalog.insert(PUBLISHED_PREFIX + table.name, paperRecords(table));
  await catalog.insert(
    PUBLISHED_PREFIX + "tables",
    tables.map(({ name, place, title, source, notes, derived }) => ({
      name: PUBLISHED_PREFIX + name,
      place,
      title,
      source,
      notes: notes ?? null,
      derived_columns: derived.join(", "),
    })),
  );
  const mixes = await namesIn(catalog, "mixes", "mixture");
  for (const { path, value } of await readJsonFolder(MIXTURES)) {
    const mixture = parseMixture(value, path);
    if (mixes.has(mixture.name)) continue;
    await insertMixture(catalog, mixture, /-((?:pre|mid)train-\d)$/.exec(mixture.name)?.[1] ?? null);
  }
  const sources = await namesIn(catalog, "sources", "source");
  const specs = (await loadSourceSpecs()).filter(({ name }) => !sources.has(name));
  await catalog.insert(
    "sources",
    specs.map(({ name, domain, licence, description }) => ({ source: name, domain, licence, description })),
  );
}

async function namesIn(catalog: Catalog, table: string, column: string): Promise<Set<unknown>> {
  const names = await catalog.query(`SELECT DISTINCT ${column} AS name FROM ${table}`);
  return new Set(names.array("name"));
}
