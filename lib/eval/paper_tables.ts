/**
 * The paper's tables with rows of our own, means computed anew, and where the paper disagrees with itself.
 * @module
 */
import { type PaperCell, paperRecords, type PaperTable } from "../catalog/published.ts";
import { meanOf } from "../core/statistics.ts";
import type { TaskScores } from "./results.ts";

/** What a column of a table is measured by. */
interface Measured {
  readonly task: string;
  readonly metric: string;
}

/** Columns of Tables 6 to 9 and 12, and what measures them. */
const BENCHMARKS: Readonly<Record<string, Measured>> = {
  math500: { task: "minerva_math500", metric: "exact_match" },
  gsm8k: { task: "gsm8k", metric: "exact_match" },
  mbpp: { task: "mbpp", metric: "pass@1" },
  humaneval: { task: "humaneval", metric: "pass@1" },
  mmlu: { task: "mmlu", metric: "acc" },
  mmlu_midtrain: { task: "mmlu", metric: "acc" },
  aime24: { task: "aime24", metric: "exact_match" },
  aime25: { task: "aime25", metric: "exact_match" },
  livecodebench_v6: { task: "livecodebench_v6", metric: "pass@1" },
};

/** Columns of Table 13, in its order. */
const COMMONSENSE_COLUMNS = [
  "arc_easy",
  "arc_challenge",
  "boolq",
  "piqa",
  "siqa",
  "hellaswag",
  "openbookqa",
  "winogrande",
] as const;

/** Tables that a model's scores alone make a row of, by the names of their files. */
export type ResultTable = "base_results" | "post_results" | "commonsense_per_task";

/** Commonsense accuracy by characters or not: the paper does not say which it means. */
export type CommonsenseMetric = "acc" | "acc_norm";

/** What is no score, by column: `{ model: "demo", parameters: "900k" }`. */
export type RowLabels = Readonly<Record<string, PaperCell>>;

/**
 * A table with a row of our own below the paper's: the labels, and scores in percent to one decimal, as printed; null where nothing
 * was measured. The mean of commonsense is null unless all eight were.
 */
export function withOwnRow(
  table: PaperTable,
  labels: RowLabels,
  scores: readonly TaskScores[],
  commonsense: CommonsenseMetric,
): PaperTable {
  const percent = ({ task, metric }: Measured) => {
    const own = scores.find((entry) => entry.task === task)?.scores.find((score) => score.metric === metric);
    return own === undefined ? null : 100 * own.value;
  };
  const eight = COMMONSENSE_COLUMNS.map((column) => percent(commonsenseMeasure(column, commonsense)));
  const mean = eight.every((value) => value !== null) ? meanOf(eight) : null;
  const cell = (column: string): PaperCell => {
    const label = labels[column];
    if (label !== undefined) return label;
    if (column === "size_group") return "own";
    if (column === "commonsense" || column === "mean") return rounded(mean);
    const eighth = COMMONSENSE_COLUMNS.find((name) => name === column);
    const measured = eighth === undefined ? BENCHMARKS[column] : commonsenseMeasure(eighth, commonsense);
    return measured === undefined ? null : rounded(percent(measured));
  };
  return { ...table, rows: [...table.rows, table.columns.map(cell)] };
}

function commonsenseMeasure(column: typeof COMMONSENSE_COLUMNS[number], metric: CommonsenseMetric): Measured {
  const task = column === "siqa" ? "social_iqa" : column;
  // WinoGrande's continuations are one text: there is nothing to normalise.
  return { task, metric: task === "winogrande" ? "acc" : metric };
}

/** To one decimal, as the paper prints; halves away from zero, in spite of binary fractions. */
function rounded<Value extends number | null>(value: Value): Value {
  return (value === null ? null : Math.round(10 * value + 1e-9) / 10) as Value;
}

/** A model whose commonsense mean is printed with two values, or with one that its columns do not have. */
export interface Disagreement {
  readonly model: string;
  /** Table 6's. */
  readonly table6: number;
  /** Table 13's. */
  readonly table13: number;
  /** Of Table 13's eight columns, to one decimal. */
  readonly recomputed: number;
}

/** "MobileLLM-R1-140M-base" and "SmolLM2-135M": names differ between the tables in their endings only. */
function bareName(model: PaperCell): string {
  return String(model).toLowerCase().replace(/-base$/, "");
}

/** Where the commonsense means of Tables 6 and 13 and the mean of Table 13's columns are not all equal. */
export function commonsenseDisagreements(base: PaperTable, perTask: PaperTable): Disagreement[] {
  const printed = new Map(paperRecords(base).map((row) => [bareName(row["model"] ?? ""), row]));
  return paperRecords(perTask).flatMap((row) => {
    const other = printed.get(bareName(row["model"] ?? ""));
    if (other === undefined) return [];
    const found = {
      model: String(other["model"]),
      table6: Number(other["commonsense"]),
      table13: Number(row["mean"]),
      recomputed: rounded(meanOf(COMMONSENSE_COLUMNS.map((column) => Number(row[column])))),
    };
    return found.table6 === found.table13 && found.table13 === found.recomputed ? [] : [found];
  });
}
