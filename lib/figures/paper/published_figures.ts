/**
 * Figures 1 to 5: what the paper prints, with our own models beside its.
 * @module
 */
import { loadPaperTable, paperRecords } from "../../catalog/published.ts";
import type { Origin } from "../report/parts.ts";
import { benchmarkBars } from "./benchmark_bars.ts";
import { computeChart, type ComputePoint } from "./compute_chart.ts";
import { curationDiagram } from "./curation_diagram.ts";
import { familyOf, OWN_FAMILY } from "./families.ts";
import { publishedOrigin } from "./frame.ts";
import { type Figure, paperFigure, type PaperItem } from "./item.ts";
import { scoreRowsOf, withOwnRows } from "./own_rows.ts";
import { ownOrigins, type PaperRun } from "./paper_run.ts";
import { stagesDiagram } from "./stages_diagram.ts";

/** Where the filters are described. */
const FILTERS: Origin = { kind: "published", source: "MobileLLM-R1, arXiv 2509.24945v1, section 5.1.1" };

const OWN_CONCEPTION = "Our own drawing of what the paper describes.";

/** In the paper's order. */
export const PUBLISHED_FIGURES: readonly PaperItem[] = [
  paperFigure("Figure 1", "HumanEval over training compute", compute),
  paperFigure("Figure 2", "Base models", (run) => bars(run, "fig2_bars", "base_results")),
  paperFigure("Figure 3", "Post-trained models", (run) => bars(run, "fig3_bars", "post_results")),
  paperFigure("Figure 4", "The stages of training", async () => {
    const table = await loadPaperTable("training_hparams");
    return {
      chart: stagesDiagram(table),
      lead: `${OWN_CONCEPTION} Dashed: what goes in or comes out; solid: a stage.`,
      origins: [publishedOrigin(table)],
      lacks: null,
    };
  }),
  paperFigure("Figure 5", "From corpora to probing sets", () =>
    Promise.resolve({
      chart: curationDiagram(),
      lead: `${OWN_CONCEPTION} Dashed: sets of documents; solid: a filter.`,
      origins: [FILTERS],
      lacks: null,
    })),
];

async function compute({ name, baseScores }: PaperRun): Promise<Figure> {
  const table = await loadPaperTable("fig1_points");
  const points = paperRecords(table).map((row): ComputePoint => ({
    model: String(row["model"]),
    family: familyOf(String(row["model"])),
    flops: Number(row["flops"]),
    humaneval: Number(row["humaneval"]),
  }));
  const own = ownPoint(name, baseScores);
  return {
    chart: computeChart(points, own === null ? [] : [own]),
    lead: "Scores as printed; FLOPs are derived, since the figure prints none: 6 × parameters × tokens.",
    origins: [publishedOrigin(table), ...(own === null ? [] : ownOrigins(baseScores))],
    lacks: own === null ? baseScores.command : null,
  };
}

/** Where the run's base model stands; null: something is not known of it. */
function ownPoint(run: string, { made }: PaperRun["baseScores"]): ComputePoint | null {
  const { parameters = null, tokens = null, scores = [] } = made?.value ?? {};
  const humaneval = scores.find(({ task }) => task === "humaneval")?.scores
    .find(({ metric }) => metric === "pass@1");
  if (parameters === null || tokens === null || humaneval === undefined) return null;
  return {
    model: run,
    family: OWN_FAMILY,
    flops: 6 * parameters * tokens,
    humaneval: 100 * humaneval.value,
  };
}

/** @param values The figure's own values. @param results The table that has all of its benchmarks. */
async function bars(
  run: PaperRun,
  values: string,
  results: "base_results" | "post_results",
): Promise<Figure> {
  const table = await loadPaperTable(values);
  const { part, rows } = scoreRowsOf(results, run);
  const beside = paperRecords(withOwnRows(await loadPaperTable(results), rows));
  const own = beside.slice(beside.length - rows.length).map((scores) => ({ model: run.name, scores }));
  return {
    chart: benchmarkBars(table, table.title, own),
    lead: "Percent. Where there is no bar, there is no value.",
    origins: [publishedOrigin(table), ...ownOrigins(part)],
    lacks: part.made === null ? part.command : null,
  };
}
