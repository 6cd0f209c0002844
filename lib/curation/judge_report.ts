/**
 * How well a trained judge does on documents that it has not seen.
 * @module
 */
import { RunError } from "../core/errors.ts";
import { type Judge, scoreOf } from "./ask_llm.ts";
import { accuracyAt, areaUnderCurve } from "./binary_metrics.ts";
import type { Examples } from "./judge_examples.ts";
import { LABELS_DESCRIPTION, PROMPT_NAMES, type PromptName, type Prompts } from "./judge_labels.ts";

/** How well the judge predicts the labels of documents that it has not seen. */
export interface PromptReport {
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Share on the right side of a score of .5. */
  readonly accuracy: number;
  readonly trainingDocuments: number;
  readonly heldOutDocuments: number;
}

/** The same for each prompt. */
export type JudgeReport = Readonly<Record<PromptName, PromptReport>>;

/** A prompt whose labels are predicted no better than this is not understood, and its scores would be noise: .5 is chance. */
const MIN_AUC = 0.6;

/** "trained on weak labels (…); held-out AUC reasoning 0.84, code 0.99, math 0.98, knowledge 0.97". */
export function describeReport(report: JudgeReport): string {
  const aucs = PROMPT_NAMES.map((name) => `${name} ${report[name].auc.toFixed(2)}`);
  return `trained on weak labels (${LABELS_DESCRIPTION}); held-out AUC ${aucs.join(", ")}`;
}

/**
 * How the judge does on held-out documents; one that it does not answer counts as undecided.
 *
 * @throws {RunError} where a prompt's labels are not predicted.
 */
export async function assessJudge(
  judge: Judge,
  prompts: Prompts,
  examples: Examples,
  signal: AbortSignal | undefined,
): Promise<JudgeReport> {
  const reports: [PromptName, PromptReport][] = [];
  for (const name of PROMPT_NAMES) {
    const heldOut = examples.heldOutFor(name);
    const scores: number[] = [];
    for (let from = 0; from < heldOut.length; from += judge.batchSize) {
      const documents = heldOut.slice(from, from + judge.batchSize).map(({ document }) => document);
      const judgements = await judge.judge(prompts[name], documents, signal);
      scores.push(...judgements.map((judgement) => scoreOf(judgement) ?? 0.5));
    }
    const labels = heldOut.map(({ label }) => label);
    const auc = areaUnderCurve(scores, labels);
    if (!(auc >= MIN_AUC)) {
      throw new RunError(
        `The judge trained on weak labels has a held-out AUC of ${
          auc.toFixed(3)
        } for the prompt "${name}", expected ${MIN_AUC} ` +
          "at least: its scores would be noise. Train it longer, or name a judge.",
      );
    }
    const { training, heldOut: heldOutDocuments } = examples.counts(name);
    reports.push([name, {
      auc,
      accuracy: accuracyAt(0.5, scores, labels),
      trainingDocuments: training,
      heldOutDocuments,
    }]);
  }
  return Object.fromEntries(reports) as JudgeReport;
}
