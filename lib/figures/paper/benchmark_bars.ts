/**
 * Figures 2 and 3: models on benchmarks, by family.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { type PaperCell, paperRecords, type PaperTable } from "../../catalog/published.ts";
import { barTable } from "../bar_table.ts";
import { WIDE } from "../theme.ts";
import { ALL_FAMILIES, familyOf, OWN_FAMILY } from "./families.ts";
import { headingOf } from "./headings.ts";

/** A model that was trained here, with its scores in percent by the table's columns; null: not measured. */
export interface OwnModel {
  readonly model: string;
  readonly scores: Readonly<Record<string, PaperCell>>;
}

/** A column of bars for each benchmark of a table of models, every bar with its value as printed; our own models come last. */
export function benchmarkBars(
  table: PaperTable,
  description: string,
  own: readonly OwnModel[],
  width = WIDE,
): TopLevelSpec {
  const benchmarks = table.columns.filter((column) => column !== "model");
  const models = [
    ...paperRecords(table).map((scores) => ({
      name: String(scores["model"]),
      family: familyOf(String(scores["model"])),
      scores,
    })),
    ...own.map(({ model, scores }) => ({ name: model, family: OWN_FAMILY, scores })),
  ];
  return barTable({
    description,
    rows: models.map(({ name, family }) => ({ name, domain: family.name })),
    groups: new Map(ALL_FAMILIES.map(({ name, colour }) => [name, colour])),
    columns: benchmarks.map((benchmark) => ({
      title: headingOf(benchmark),
      bars: models.flatMap(({ name, scores }) => {
        const value = scores[benchmark];
        return typeof value === "number" ? [{ name, value, label: value.toFixed(1) }] : [];
      }),
    })),
    sameScale: false,
  }, width);
}
