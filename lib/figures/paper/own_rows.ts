/**
 * Rows of our own for the paper's tables: which part of a run has them, and what a reader has to know of them.
 * @module
 */
import type { PaperTable } from "../../catalog/published.ts";
import { compactNumber } from "../../core/progress.ts";
import { type ResultTable, type RowLabels, withOwnRow } from "../../eval/paper_tables.ts";
import type { TaskScores } from "../../eval/results.ts";
import type { DeviceRates, LearningRate, ModelScores, PaperRun, Part } from "./paper_run.ts";

/** One row. */
interface OwnRow {
  /** What it is about, and values that are no scores, by column. */
  readonly labels: RowLabels;
  readonly scores: readonly TaskScores[];
}

/** What a table can have of a run. */
export interface OwnRows {
  readonly part: Part<unknown>;
  /** None where the part was not made. */
  readonly rows: readonly OwnRow[];
  readonly notes: readonly string[];
}

/** The paper does not say how it normalises. */
const NORMALISED = "Our own commonsense accuracy is of log-likelihoods by character (acc_norm).";

const NO_PHONE =
  "Our own rates are of the machines above, no phones: the paper\u2019s shapes with random weights of 4 bits.";

const WORD_PROBLEMS =
  "Of another kind: what fine-tuning and GRPO do to a proxy on word problems of our own is in " +
  "data/results/word_problems_h100.json and Figure 10.";

const EACH_ABLATION =
  "Our own are trained one after the other, each evaluated before the next into eval/ABLATION of the run’s folder; " +
  "without-general and joint leave their model in sft/model.";

const OTHER_BASES =
  "Other bases of our own: --ablation same-reasoning-imported --model DIR, evaluated into " +
  "eval/same-reasoning-NAME of the run\u2019s folder.";

/** Rows of a run for a table by its file's name; null: the table is about the paper's own models and data. */
export function ownRowsOf(table: string, run: PaperRun): OwnRows | null {
  switch (table) {
    case "base_results":
    case "commonsense_per_task":
    case "post_results":
      return scoreRowsOf(table, run);
    case "post_ablation":
      return ownRows(
        run.ablations,
        (models) =>
          models.map(({ general, reasoning, scores }) => ({
            labels: { ablation: run.name, stage1: general, stage2: reasoning },
            scores,
          })),
        () => [],
        EACH_ABLATION,
        WORD_PROBLEMS,
      );
    case "same_sft_comparison":
      return ownRows(
        run.sameFineTuning,
        (models) => models.map(({ model, ...scores }) => modelRow(model, scores)),
        () => [OTHER_BASES],
      );
    case "on_device":
      return ownRows(run.onDevice, (models) => models.map(deviceRow), () => [NO_PHONE]);
    case "lr_ablation":
      return ownRows(run.learningRate, (rate) => [rateRow(rate)], rateNotes);
    default:
      return null;
  }
}

/** The run's model in a table of benchmarks. */
export function scoreRowsOf(table: ResultTable, run: PaperRun): OwnRows {
  const rows = (model: ModelScores) => [modelRow(run.name, model)];
  return table === "post_results"
    ? ownRows(run.finalScores, rows)
    : ownRows(run.baseScores, rows, () => [NORMALISED]);
}

/** A table with rows of our own below the paper's. */
export function withOwnRows(table: PaperTable, rows: readonly OwnRow[]): PaperTable {
  return rows.reduce((table, { labels, scores }) => withOwnRow(table, labels, scores, "acc_norm"), table);
}

function ownRows<Value>(
  part: Part<Value>,
  rowsOf: (value: Value) => readonly OwnRow[],
  notesOf: (value: Value) => readonly string[] = () => [],
  ...always: readonly string[]
): OwnRows {
  return part.made === null
    ? { part, rows: [], notes: [`This makes a row of our own: ${part.command}`, ...always] }
    : { part, rows: rowsOf(part.made.value), notes: [...notesOf(part.made.value), ...always] };
}

function modelRow(model: string, { parameters, scores }: Omit<ModelScores, "tokens">): OwnRow {
  return { labels: { model, parameters: parameters === null ? "–" : compactNumber(parameters) }, scores };
}

function deviceRow({ device, model, rates }: DeviceRates): OwnRow {
  const cells = rates.map(({ context, tokensPerSecond }) => [
    `tokens_per_second_${context / 1024}k`,
    tokensPerSecond,
  ]);
  return {
    labels: { model: `own, ${model}, ${device}`, parameters: model, ...Object.fromEntries(cells) },
    scores: [],
  };
}

function rateRow({ peak, rankMe, scores }: LearningRate): OwnRow {
  return { labels: { peak_learning_rate: peak, rankme: Number(rankMe.toFixed(2)) }, scores };
}

function rateNotes({ positions, width }: LearningRate): string[] {
  return [
    `Our own RankMe is of the pretrained model, the mean over probing sets of ${positions} positions × width ${width}. ` +
    "Another rate: --set pretrain1.learningRate=RATE, with a --run of its own.",
  ];
}
