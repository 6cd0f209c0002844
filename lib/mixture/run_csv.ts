/**
 * Runs from two CSV files, anyone's: mixtures, and the losses that came of them.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type CsvTable, readCsv } from "./csv.ts";
import { normaliseShares, type RunTable } from "./run_table.ts";

/** The column with the mixtures' names: "name", else the first. */
function nameColumn({ header }: CsvTable): number {
  return Math.max(0, header.findIndex((column) => column.toLowerCase() === "name"));
}

/** What is in a row beside its name, by column. */
interface NamedRow {
  readonly name: string;
  /** For messages: the file, the row and its name. */
  readonly place: string;
  readonly seed: number | null;
  readonly values: ReadonlyMap<string, number>;
}

function namedRows(table: CsvTable, what: string): NamedRow[] {
  const nameAt = nameColumn(table),
    seedAt = table.header.findIndex((column) => column.toLowerCase() === "seed");
  if (table.header.length - (seedAt < 0 ? 1 : 2) < 1) {
    throw new UsageError(
      `${table.path} has the columns ${
        table.header.join(", ")
      }, expected a name and, apart by commas, one column for each ${what}.`,
    );
  }
  if (table.rows.length === 0) {
    throw new UsageError(`${table.path} has no rows, expected one for each mixture.`);
  }
  const places = new Map<string, number>();
  return table.rows.map((row, i) => {
    const name = row[nameAt] ?? "";
    if (name === "") throw new UsageError(`${table.path}: row ${i + 1} has no name.`);
    const place = `${table.path}: row ${i + 1} ("${name}")`;
    const number = (column: number) => {
      const cell = row[column] ?? "", value = Number(cell);
      const title = table.header[column];
      if (cell === "") throw new UsageError(`${place} has nothing in column "${title}", expected a number.`);
      if (!Number.isFinite(value)) {
        throw new UsageError(`${place} has "${cell}" in column "${title}", expected a number.`);
      }
      return value;
    };
    const seed = seedAt < 0 ? null : number(seedAt);
    const key = JSON.stringify([name, seed]), before = places.get(key);
    if (before !== undefined) {
      throw new UsageError(
        `${place} is there twice, in row ${before} already${seed === null ? "" : ` with seed ${seed}`}.`,
      );
    }
    places.set(key, i + 1);
    const columns = table.header.map((_, column) => column).filter((column) =>
      column !== nameAt && column !== seedAt
    );
    return {
      name,
      place,
      seed,
      values: new Map(columns.map((column) => [table.header[column] ?? "", number(column)])),
    };
  });
}

function sharesOf({ place, values }: NamedRow): number[] {
  for (const [source, value] of values) {
    if (value < 0) {
      throw new UsageError(`${place} gives "${source}" ${value}, expected a share of 0 or more.`);
    }
  }
  return normaliseShares([...values.values()], [1, 100], place);
}

/**
 * Reads two CSV files, their rows and columns in any order: `mixtures`, a name and a share of each source (shares or
 * percentages), and `losses`, the name and a loss of each probe, lower being better. A column "seed" in the second tells several
 * runs of one mixture apart.
 *
 * @throws {UsageError} naming file, row and value where a row is missing, there twice, or holds what is no number, where a share
 * is negative, or where a row's shares sum to neither 1 nor 100 within 1%.
 */
export async function readRunCsv(mixturesPath: string, lossesPath: string): Promise<RunTable> {
  const mixtures = namedRows(await readCsv(mixturesPath), "source");
  const seeded = mixtures.find(({ seed }) => seed !== null);
  if (seeded !== undefined) {
    throw new UsageError(`${mixturesPath} has a column "seed", expected it in ${lossesPath} alone.`);
  }
  const losses = namedRows(await readCsv(lossesPath), "probe");
  const shares = new Map(mixtures.map((row) => [row.name, sharesOf(row)]));
  const measured = new Set(losses.map(({ name }) => name));
  const unmeasured = mixtures.find(({ name }) => !measured.has(name));
  if (unmeasured !== undefined) throw new UsageError(`${unmeasured.place} has no row in ${lossesPath}.`);
  return {
    sources: [...mixtures[0]?.values.keys() ?? []],
    probes: [...losses[0]?.values.keys() ?? []],
    runs: losses.map(({ name, place, seed, values }) => {
      const weights = shares.get(name);
      if (weights === undefined) throw new UsageError(`${place} has no row in ${mixturesPath}.`);
      return { name, method: null, seed, weights, losses: [...values.values()] };
    }),
    origin: `${mixturesPath} and ${lossesPath}`,
    tokenizer: null,
    tokenBudget: null,
  };
}
