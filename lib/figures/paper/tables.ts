/**
 * The thirteen tables, as printed, with rows of our own where a run has them.
 * @module
 */
import { loadPaperTables, type PaperTable } from "../../catalog/published.ts";
import { framed, originLine, publishedOrigin } from "./frame.ts";
import type { Drawing, PaperItem } from "./item.ts";
import { ownOrigins, type PaperRun } from "./paper_run.ts";
import { printedTable, toCsv, toMarkdown } from "./printed_table.ts";
import { commonsenseNotes } from "./commonsense_notes.ts";
import { ownRowsOf, withOwnRows } from "./own_rows.ts";
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
  const own = ownRowsOf(table.name, run);
  const shown = withOwnRows(table, own?.rows ?? []);
  const ownRows = shown.rows.length - table.rows.length;
  const { flagged, notes } = await commonsenseNotes(table);
  const printed = printedTable(shown, { ownRows, flagged, notes: [...notes, ...own?.notes ?? []] });
  const { spec, width } = tableChart(table.title, printed);
  const origins = [publishedOrigin(table), ...(own === null ? [] : ownOrigins(own.part))];
  const caption = {
    place,
    title: table.title,
    lead: ownRows > 0 ? "Bold, below the line: our own run." : "",
    origins,
  };
  return {
    spec: framed(spec, caption, width),
    origins,
    lacks: own?.part.made === null ? own.part.command : null,
    table: {
      markdown: `# ${place}. ${table.title}\n\n${origins.map(originLine).join("\n")}\n\n${
        toMarkdown(printed)
      }`,
      csv: toCsv(shown, ownRows),
    },
  };
}
