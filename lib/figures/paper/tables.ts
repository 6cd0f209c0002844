/**
 * The thirteen tables, as printed, with a row of our own where a run has one.
 * @module
 */
import { loadPaperTables, type PaperTable } from "../../catalog/published.ts";
import { framed, originLine, publishedOrigin } from "./frame.ts";
import type { Drawing, PaperItem } from "./item.ts";
import { ownOrigins, type PaperRun } from "./paper_run.ts";
import { printedTable, toCsv, toMarkdown } from "./printed_table.ts";
import { commonsenseNotes, isResultTable, resultPart, withScores } from "./result_tables.ts";
import { tableChart } from "./table_chart.ts";

/** In the paper's order. */
export async function paperTableItems(): Promise<PaperItem[]> {
  return (await loadPaperTables()).flatMap((table) => {
    const [, number] = /^Table (\d+)$/.exec(table.place ?? "") ?? [];
    return number === undefined ? [] : [{ number: Number(number), item: itemOf(table, `Table ${number}`) }];
  }).sort((a, b) => a.number - b.number).map(({ item }) => item);
}

function itemOf(table: PaperTable, place: string): PaperItem {
  return { place, title: table.title, draw: (run) => drawTable(table, place, run) };
}

async function drawTable(table: PaperTable, place: string, run: PaperRun): Promise<Drawing> {
  const part = isResultTable(table.name) ? run[resultPart(table.name)] : undefined;
  const scores = part?.made?.value;
  const shown = scores === undefined ? table : withScores(table, run.name, scores);
  const ownRows = shown.rows.length - table.rows.length;
  const printed = printedTable(shown, await commonsenseNotes(shown, ownRows));
  const { spec, width } = tableChart(table.title, printed);
  const origins = [publishedOrigin(table), ...(part ? ownOrigins(part) : [])];
  const caption = {
    place,
    title: table.title,
    lead: ownRows > 0 ? "Bold, below the line: our own run." : "",
    origins,
  };
  return {
    spec: framed(spec, caption, width),
    origins,
    lacks: part?.made === null ? part.command : null,
    table: {
      markdown: `# ${place}. ${table.title}\n\n${origins.map(originLine).join("\n")}\n\n${
        toMarkdown(printed)
      }`,
      csv: toCsv(shown, ownRows),
    },
  };
}
