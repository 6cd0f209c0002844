/**
 * Which of the paper's figures the report has, of those whose values the paper does not print.
 * @module
 */
import { markup } from "../markup.ts";
import { RUN_FIGURES } from "../paper/run_figures.ts";
import type { RunReport } from "../run_report.ts";
import { type Section, table } from "./parts.ts";

/** Figures by their place in the paper: the section that draws each, and whether the run has it. */
const SECTIONS: Readonly<Record<string, { anchor: string; has: (report: RunReport) => boolean }>> = {
  "Figure 6": { anchor: "leave-one-out", has: ({ mixing }) => (mixing?.leaveOneOut.length ?? 0) > 0 },
  "Figure 7": { anchor: "comparison", has: ({ mixing }) => (mixing?.comparison.length ?? 0) > 0 },
  "Figure 8": { anchor: "mid-training", has: ({ midtraining }) => (midtraining?.influence.length ?? 0) > 0 },
  "Figure 9": { anchor: "mid-training", has: ({ midtraining }) => (midtraining?.curves.length ?? 0) > 0 },
  "Figure 11": { anchor: "capabilities", has: ({ probes }) => probes.length > 0 },
};

/** A line for each, with a link; nothing where the run has none. */
export function paperFiguresSection(report: RunReport): Section {
  const rows = RUN_FIGURES.flatMap(({ place, title }) => {
    const section = SECTIONS[place];
    return section?.has(report) ? [{ place, title, anchor: section.anchor }] : [];
  });
  return {
    id: "paper-figures",
    title: "The paper\u2019s figures",
    lead: "Experiments of the paper that this run repeats; it prints no values of these figures.",
    content: rows.length === 0 ? [] : [
      table(
        `All of the paper\u2019s figures and tables, as files: deno task figures --run ${report.run}.`,
        { kind: "own", source: "the sections above" },
        [
          { title: "Figure", cell: ({ place }) => place },
          { title: "Shows", cell: ({ title }) => title },
          { title: "Here", cell: ({ anchor }) => markup`<a href="#${anchor}">${anchor}</a>` },
        ],
        rows,
      ),
    ],
  };
}
