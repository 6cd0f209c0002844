/**
 * Tables 6, 7 and 13: the means computed anew, where the paper disagrees with itself, and a row of our own.
 * @module
 */
import { loadPaperTable, type PaperTable } from "../../catalog/published.ts";
import { compactNumber } from "../../core/progress.ts";
import { commonsenseDisagreements, type ResultTable, withOwnRow } from "../../eval/paper_tables.ts";
import type { ModelScores } from "./paper_run.ts";
import { DISAGREES, type TableAdditions } from "./printed_table.ts";

/** Whether a run of our own can have a row in a table of the paper. */
export function isResultTable(name: string): name is ResultTable {
  return name === "base_results" || name === "post_results" || name === "commonsense_per_task";
}

/** The part of a run that the row comes from. */
export function resultPart(table: ResultTable): "baseScores" | "finalScores" {
  return table === "post_results" ? "finalScores" : "baseScores";
}

/** A table with what the run measured as its last row. */
export function withScores(table: PaperTable, run: string, { parameters, scores }: ModelScores): PaperTable {
  const row = { model: run, parameters: parameters === null ? "–" : compactNumber(parameters) };
  return withOwnRow(table, row, scores, "acc_norm");
}

/** The paper does not say how it normalises. */
const NORMALISED = "Our own commonsense accuracy is of log-likelihoods by character (acc_norm).";

/** What Tables 6 and 13 say of each other. @param ownRows How many of the table's last rows are our own. */
export async function commonsenseNotes(table: PaperTable, ownRows: number): Promise<TableAdditions> {
  const plain = { ownRows, flagged: () => false, notes: [] };
  if (table.name !== "base_results" && table.name !== "commonsense_per_task") return plain;
  const perTask = await loadPaperTable("commonsense_per_task");
  const found = commonsenseDisagreements(await loadPaperTable("base_results"), perTask);
  const misprinted = found.filter(({ table13, recomputed }) => table13 !== recomputed).length;
  const own = ownRows > 0 ? [NORMALISED] : [];
  const agreement = `Computed anew from Table 13\u2019s columns, ${
    misprinted === 0 ? "all of its" : `${perTask.rows.length - misprinted} of its ${perTask.rows.length}`
  } means are as printed there.`;
  if (table.name === "commonsense_per_task") return { ...plain, notes: [agreement, ...own] };
  const models = new Map(found.map((entry) => [entry.model, entry]));
  const modelColumn = table.columns.indexOf("model");
  return {
    ownRows,
    flagged: (row, column) => column === "commonsense" && models.has(String(table.rows[row]?.[modelColumn])),
    notes: [
      `${DISAGREES} Table 13 prints another mean: ${
        found.map(({ model, table13 }) => `${model} ${table13.toFixed(1)}`).join(", ")
      }. ${agreement}`,
      ...own,
    ],
  };
}
