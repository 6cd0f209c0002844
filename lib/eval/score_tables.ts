/**
 * Scores and comparisons as text tables, for people.
 * @module
 */
import { from } from "arquero";
import { formatTable } from "../catalog/text_table.ts";
import type { PairedComparison } from "./comparison.ts";
import type { TaskScores } from "./results.ts";

/** Records as a text table; the first one's keys are the columns. */
export function recordTable<Row extends object>(rows: readonly Row[]): string {
  return formatTable(from([...rows]));
}

/** Scores of benchmarks; those of groups stand in results.json, since MMLU has 57. */
export function scoreTable(scores: readonly TaskScores[]): string {
  return recordTable(
    scores.filter(({ partOf }) => partOf === undefined).flatMap(({ task, questions, scores }) =>
      scores.map(({ metric, value, standardError, low, high }) => ({
        task,
        metric,
        value: shown(value),
        "±": shown(standardError),
        "95% from": shown(low),
        to: shown(high),
        questions,
      }))
    ),
  );
}

/** Two evaluations, question by question. */
export function comparisonTable(comparisons: readonly PairedComparison[]): string {
  return recordTable(comparisons.map(({ a, b, difference, standardError, low, high, p, ...rest }) => ({
    ...rest,
    a: shown(a),
    b: shown(b),
    difference: shown(difference),
    "±": shown(standardError),
    "95% from": shown(low),
    to: shown(high),
    p: shown(p),
  })));
}

function shown(value: number | null): string {
  return value === null ? "" : value.toFixed(4);
}
