/**
 * Tables 6 and 13: the means of commonsense computed anew, and where the paper disagrees with itself.
 * @module
 */
import { loadPaperTable, type PaperTable } from "../../catalog/published.ts";
import { commonsenseDisagreements } from "../../eval/paper_tables.ts";
import { DISAGREES, type TableAdditions } from "./printed_table.ts";

/** What Tables 6 and 13 say of each other; nothing of other tables. */
export async function commonsenseNotes(table: PaperTable): Promise<Omit<TableAdditions, "ownRows">> {
  const plain = { flagged: () => false, notes: [] };
  if (table.name !== "base_results" && table.name !== "commonsense_per_task") return plain;
  const perTask = await loadPaperTable("commonsense_per_task");
  const found = commonsenseDisagreements(await loadPaperTable("base_results"), perTask);
  const misprinted = found.filter(({ table13, recomputed }) => table13 !== recomputed).length;
  const agreement = `Computed anew from Table 13\u2019s columns, ${
    misprinted === 0 ? "all of its" : `${perTask.rows.length - misprinted} of its ${perTask.rows.length}`
  } means are as printed there.`;
  if (table.name === "commonsense_per_task") return { ...plain, notes: [agreement] };
  const models = new Map(found.map((entry) => [entry.model, entry]));
  const modelColumn = table.columns.indexOf("model");
  return {
    flagged: (row, column) => column === "commonsense" && models.has(String(table.rows[row]?.[modelColumn])),
    notes: [
      `${DISAGREES} Table 13 prints another mean: ${
        found.map(({ model, table13 }) => `${model} ${table13.toFixed(1)}`).join(", ")
      }. ${agreement}`,
    ],
  };
}
