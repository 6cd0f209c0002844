/**
 * The report on the order of words: a benchmark of held-out text.
 * @module
 */
import type { ReportCloze, RunReport } from "../run_report.ts";
import { type Section, table } from "./parts.ts";

const percent = (share: number) => `${(100 * share).toFixed(0)}%`;

/** Right answers by source; nothing where none were asked for. */
export function clozeSection({ cloze }: RunReport): Section {
  const choices = cloze[0]?.choices ?? NaN;
  const rows = () =>
    table<ReportCloze>(
      `Right answers by log-likelihood, one of ${choices} orders of the same words; ±: standard error. ` +
        `Who knows only how frequent words are is right ${percent(1 / choices)} of the time.`,
      { kind: "own", source: "held-out documents of the corpus" },
      [
        { title: "Source", cell: ({ source }) => source ?? "all" },
        { title: "Questions", cell: ({ questions }) => questions, numeric: true },
        { title: "Right", cell: ({ value }) => percent(value), numeric: true },
        {
          title: "±",
          cell: ({ standardError }) => standardError === null ? "–" : percent(standardError),
          numeric: true,
        },
      ],
      cloze,
    );
  return {
    id: "cloze",
    title: "The order of words",
    lead:
      "Given a passage that it has not seen, which order of the next words does the model hold for the text’s own?",
    content: cloze.length === 0 ? [] : [rows()],
  };
}
