/**
 * Figures 1 to 5: what the paper prints, with our own models beside its.
 * @module
 */
import { loadPaperTable, paperRecords } from "../../catalog/published.ts";
import type { Origin } from "../report/parts.ts";
import { benchmarkBars, type OwnModel } from "./benchmark_bars.ts";
import { computeChart, type ComputePoint } from "./compute_chart.ts";
import { curationDiagram } from "./curation_diagram.ts";
import { familyOf, OWN_FAMILY } from "./families.ts";
import { framed } from "./frame.ts";
import type { Drawing, PaperItem } from "./item.ts";
import { ownOrigins, type PaperRun } from "./paper_run.ts";
import { resultPart, withScores } from "./result_tables.ts";
import { stagesDiagram } from "./stages_diagram.ts";

/** Where the filters are described. */
const SECTION: Origin = { kind: "published", source: "MobileLLM-R1, arXiv 2509.24945v1, section 5.1.1" };

const OWN_CONCEPTION = "Our own drawing of what the paper describes.";

/** In the paper's order. */
export const PUBLISHED_FIGURES: readonly PaperItem[] = [
  { place: "Figure 1", title: "HumanEval over training compute", draw: drawCompute },
  bars("Figure 2", "Base models", "fig2_bars", "base_results"),
  bars("Figure 3", "Post-trained models", "fig3_bars", "post_results"),
  {
    place: "Figure 4",
    title: "The stages of training",
    draw: async () => {
      const table = await loadPaperTable("training_hparams");
      const origins = [{ kind: "published", source: table.source }] as const;
      return {
        spec: framed(stagesDiagram(table), {
          place: "Figure 4",
          title: "The stages of training",
          lead: `${OWN_CONCEPTION} Dashed: what goes in or comes out; solid: a stage.`,
          origins,
        }),
        origins,
        lacks: null,
      };
    },
  },
  {
    place: "Figure 5",
    title: "From corpora to probing sets",
    draw: () => {
      const origins = [SECTION] as const;
      return Promise.resolve({
        spec: framed(curationDiagram(), {
          place: "Figure 5",
          title: "From corpora to probing sets",
          lead: `${OWN_CONCEPTION} Dashed: sets of documents; solid: a filter.`,
          origins,
        }),
        origins,
        lacks: null,
      });
    },
  },
];

async function drawCompute({ name, baseScores }: PaperRun): Promise<Drawing> {
  const table = await loadPaperTable("fig1_points");
  const points = paperRecords(table).map((row): ComputePoint => ({
    model: String(row["model"]),
    family: familyOf(String(row["model"])),
    flops: Number(row["flops"]),
    humaneval: Number(row["humaneval"]),
  }));
  const own = ownPoint(name, baseScores);
  const origins = [
    { kind: "published", source: table.source } as const,
    ...(own === null ? [] : ownOrigins(baseScores)),
  ];
  return {
    spec: framed(computeChart(points, own === null ? [] : [own]), {
      place: "Figure 1",
      title: table.title,
      lead: "Scores as printed; FLOPs are derived, since the figure prints none: 6 × parameters × tokens.",
      origins,
    }),
    origins,
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

/** @param results The table that has all benchmarks of the figure. */
function bars(
  place: string,
  title: string,
  values: string,
  results: "base_results" | "post_results",
): PaperItem {
  const draw = async (run: PaperRun): Promise<Drawing> => {
    const table = await loadPaperTable(values);
    const part = run[resultPart(results)];
    const own: OwnModel[] = [];
    if (part.made !== null) {
      const scores = paperRecords(withScores(await loadPaperTable(results), run.name, part.made.value)).at(
        -1,
      );
      own.push({ model: run.name, scores: scores ?? {} });
    }
    const origins = [{ kind: "published", source: table.source } as const, ...ownOrigins(part)];
    return {
      spec: framed(benchmarkBars(table, title, own), {
        place,
        title,
        lead: "Percent. Where there is no bar, there is no value.",
        origins,
      }),
      origins,
      lacks: part.made === null ? part.command : null,
    };
  };
  return { place, title, draw };
}
