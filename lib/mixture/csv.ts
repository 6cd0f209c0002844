/**
 * Comma-separated files that people bring: every row as long as the header, and what is wrong said with its place.
 * @module
 */
import { fromCSV } from "arquero";
import { UsageError } from "../core/errors.ts";

/** A file's header and rows. */
export interface CsvTable {
  readonly path: string;
  readonly header: readonly string[];
  /** Cells [rows][columns], trimmed. */
  readonly rows: readonly (readonly string[])[];
}

/** Cells of a text, row by row; empty lines are left out. `width`: cells of a row that are looked at. */
function cellsOf(text: string, width: number): (string | null | undefined)[][] {
  // Arquero takes the number of columns from the first line, and drops what goes beyond it: so it gets one that is wide enough.
  const names = Array.from({ length: width }, (_, column) => String(column));
  const table = fromCSV(`${names.join(",")}\n${text}\n`, { autoType: false });
  const columns = names.map((name) => table.array(name) as (string | null | undefined)[]); // nothing is parsed
  return Array.from({ length: table.numRows() }, (_, row) => columns.map((column) => column[row]))
    .filter((row) => row.some((cell) => cell !== null && cell !== undefined && cell.trim() !== ""));
}

/**
 * Reads a file with a header line. Quoted cells, empty lines and a byte-order mark are understood.
 *
 * @throws {UsageError} where the file is missing or empty, a column has no name or another's, or a row has another number of cells.
 */
export async function readCsv(path: string): Promise<CsvTable> {
  let text: string;
  try {
    text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`${path} does not exist, expected a CSV file.`);
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new UsageError(`${path} is a folder, expected a CSV file.`);
    }
    throw error;
  }
  const widest = text.split("\n").reduce((most, line) => Math.max(most, line.split(",").length), 0);
  const [header = [], ...rows] = cellsOf(text, widest + 1);
  const broken = [header, ...rows].flat().find((cell) => cell?.includes("\n"))?.split("\n")[0];
  if (broken !== undefined) {
    throw new UsageError(
      `${path} has a line break in the cell that begins with ${
        broken.replaceAll('"', "")
      }: is a quotation mark missing?`,
    );
  }
  const width = header.findLastIndex((cell) => cell !== null && cell !== undefined) + 1;
  const names = header.slice(0, width).map((name) => (name ?? "").trim());
  if (width === 0) throw new UsageError(`${path} is empty, expected a header line and rows.`);
  names.forEach((name, column) => {
    if (name === "") throw new UsageError(`${path}: column ${column + 1} has no name.`);
    if (names.indexOf(name) !== column) throw new UsageError(`${path}: column "${name}" is there twice.`);
  });
  return {
    path,
    header: names,
    rows: rows.map((row, i) => {
      // Cells that are not there are undefined, empty ones null.
      const cells = row.findLastIndex((cell) => cell !== undefined && cell !== null) + 1;
      if (cells > width || row.slice(0, width).includes(undefined)) {
        const found = cells > width ? cells : row.filter((cell) => cell !== undefined).length;
        throw new UsageError(
          `${path}: row ${i + 1} has ${found} cells, expected ${width} as the header has.`,
        );
      }
      return row.slice(0, width).map((cell) => (cell ?? "").trim());
    }),
  };
}
