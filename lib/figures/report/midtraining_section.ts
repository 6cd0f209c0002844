/**
 * The report on mid-training: what of the pool still helps, what models learn from it, and what a teacher is worth.
 * @module
 */
import type { Estimate } from "../../core/statistics.ts";
import { compressionHistogram } from "../compression_histogram.ts";
import { distillationChart } from "../distillation_chart.ts";
import { formatInteger, formatNats, formatPercent } from "../format.ts";
import { type Markup, markup } from "../markup.ts";
import type { RunReport } from "../run_report.ts";
import { compareDomains } from "../theme.ts";
import type { DistillationReport, MidtrainingReport } from "../training_report.ts";
import { type Column, figure, type Origin, type Section, table } from "./parts.ts";

const COMPRESSION: Origin = { kind: "own", source: "compression stages of the run" };
const SUMMARY: Origin = { kind: "own", source: "mid-training of the run" };

/** Compression and training in rounds; nothing where the run has no mid-training. */
export async function midtrainingSection({ midtraining, stages }: RunReport): Promise<Section> {
  const section = {
    id: "mid-training",
    title: "Mid-training",
    lead: "What the model can still learn from, round by round, and what it learnt.",
  };
  if (midtraining === null) return { ...section, content: [] };
  const { rounds, influence, curves, rankMe, distillation } = midtraining;
  const content: Markup[] = [switches(midtraining)];
  if (influence.length > 0) {
    content.push(
      await figure(
        "Percent of the pool by influence on each capability, in units of the first round\u2019s spread; right of the line a document " +
          "still helps. Filled: at the beginning of the first round; outlined: of the last. The outermost bins hold what lies further out.",
        COMPRESSION,
        (width) => compressionHistogram(influence, width),
      ),
    );
  }
  if (rounds.length > 0) content.push(keptTable(rounds));
  if (curves.length > 0) {
    content.push(
      await figure(
        "Perplexity on a logarithmic scale over the updates of all rounds: on what compression kept (sub-sampled) and on the whole " +
          "pool by its tokens (original). Solid: with a teacher; dashed: without.",
        SUMMARY,
        (width) => distillationChart(curves, width),
      ),
    );
  }
  if (rankMe.length > 0) {
    content.push(rankMeTable(rankMe, (stage) => stages.find(({ name }) => name === stage)?.title ?? stage));
  }
  if (distillation !== null) content.push(distillationTable(distillation));
  return { ...section, content };
}

/** Why it ended, and which way the switches stood. */
function switches({ stopped, teacher, benchmarkTrainSets }: MidtrainingReport): Markup {
  const { included, share, names } = benchmarkTrainSets;
  return markup`<p>It ended since ${stopped}. Teacher: ${
    teacher ?? "none, cross-entropy alone"
  }. Benchmarks\u2019 train sets: ${
    included
      ? `${names.join(", ")}, ${formatPercent(100 * share)} of the last round\u2019s tokens`
      : "not included"
  }.</p>
`;
}

/** What each round kept of each source. */
function keptTable(rounds: MidtrainingReport["rounds"]): Markup {
  const sources = rounds[0]?.sources.map(({ source }) => source) ?? [];
  const columns = rounds.flatMap(({ sources: own, trained }, i): Column<string>[] => {
    const of = (source: string) => own.find((entry) => entry.source === source);
    const share = (source: string) => {
      const { kept = 0, documents = 1 } = of(source) ?? {};
      return formatPercent(100 * kept / documents);
    };
    return [
      { title: `Kept, round ${i + 1}`, cell: share, numeric: true },
      {
        title: `Mixture, round ${i + 1}`,
        cell: (source) => trained ? formatPercent(100 * (of(source)?.weight ?? 0)) : "–",
        numeric: true,
        wideOnly: true,
      },
    ];
  });
  const totals = rounds.map(({ kept, documents }, i) =>
    `round ${i + 1}: ${formatInteger(kept)} of ${formatInteger(documents)} documents`
  );
  return table<string>(
    `Share of each source\u2019s documents that helps, and of the mixture that follows. Kept in ${
      totals.join(", ")
    }.`,
    COMPRESSION,
    [{ title: "Source", cell: (source) => source }, ...columns],
    sources,
  );
}

/** Directions that the representations use, by checkpoint. */
function rankMeTable(rankMe: MidtrainingReport["rankMe"], titleOf: (stage: string) => string): Markup {
  const { rows, width } = rankMe[0] as MidtrainingReport["rankMe"][number]; // There are some.
  const probes = [...new Set(rankMe.map(({ probe }) => probe))].sort(compareDomains);
  return table<string>(
    `RankMe: how many of ${width} directions the representations of ${
      formatInteger(rows)
    } held-out positions use.`,
    SUMMARY,
    [
      { title: "After", cell: titleOf },
      ...probes.map((probe) => ({
        title: probe,
        cell: (stage: string) =>
          rankMe.find((entry) => entry.stage === stage && entry.probe === probe)?.rankMe.toFixed(1) ?? "–",
        numeric: true,
      })),
    ],
    [...new Set(rankMe.map(({ stage }) => stage))],
  );
}

/** Losses with and without a teacher. */
function distillationTable({ effects, seeds, tokens }: DistillationReport): Markup {
  return table<DistillationReport["effects"][number]>(
    `Nats per token after ${
      formatInteger(tokens)
    } tokens, means over ${seeds} seeds, and the 95% interval of the difference of ` +
      "pairs of equal seed: below 0 the teacher helps.",
    { kind: "own", source: "distillation stage of the run" },
    [
      { title: "Capability", cell: ({ probe }) => probe },
      { title: "Cross-entropy", cell: ({ crossEntropy }) => crossEntropy.toFixed(3), numeric: true },
      { title: "Distilled", cell: ({ distilled }) => distilled.toFixed(3), numeric: true },
      { title: "Difference", cell: ({ difference }) => estimate(difference), numeric: true },
    ],
    effects.toSorted((a, b) => compareDomains(a.probe, b.probe)),
  );
}

function estimate({ mean, low, high }: Estimate): string {
  const interval = low === null || high === null ? "" : ` (${formatNats(low)} … ${formatNats(high)})`;
  return formatNats(mean) + interval;
}
