/**
 * The report on the way to a mixture: curation, leave-one-out, influence, weights, and what models make of them.
 * @module
 */
import { compactNumber, formatDuration } from "../../core/progress.ts";
import type { FunnelRow, FunnelStep } from "../../curation/funnel.ts";
import { comparisonChart, perplexities, type PerplexityPoint } from "../comparison_chart.ts";
import { formatInteger, formatPercent, formatPerplexity } from "../format.ts";
import { funnelChart, stepsOf } from "../funnel_chart.ts";
import { influenceHistogram } from "../influence_histogram.ts";
import { lastImpacts, leaveOneOutChart } from "../leave_one_out_chart.ts";
import { leaveOneOutCurves } from "../leave_one_out_curves.ts";
import { compareMixtures, mixtureStyle } from "../mixture_styles.ts";
import type { InfluenceScore } from "../mixing_report.ts";
import type { RunReport } from "../run_report.ts";
import { shapeSign } from "../shape_sign.ts";
import { compareDomains, domainStyle } from "../theme.ts";
import { validationChart } from "../validation_chart.ts";
import { weightsChart, type WeightsRow } from "../weights_chart.ts";
import { figure, type Origin, type Section, table } from "./parts.ts";

/** All of them, in their order; nothing where the run chose no mixture. */
export async function mixingSections(report: RunReport): Promise<Section[]> {
  return [
    await funnelSection(report),
    await leaveOneOutSection(report),
    await influenceSection(report),
    await validationSection(report),
    await weightsSection(report),
    await comparisonSection(report),
  ];
}

/** What curation left of each source. */
async function funnelSection({ mixing }: RunReport): Promise<Section> {
  const section = {
    id: "funnel",
    title: "Curation",
    lead: "From whole sources to the documents that represent them.",
  };
  const rows = mixing?.funnel ?? [];
  if (rows.length === 0) return { ...section, content: [] };
  const origin: Origin = { kind: "own", source: "funnel of the run’s curation" };
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const noted = rows.filter(({ note }) => note !== null);
  const steps = stepsOf(rows);
  const tokens = (source: string, step: FunnelStep) =>
    compactNumber(rows.find((row) => row.source === source && row.step === step)?.tokens ?? 0);
  const content = [
    await figure(
      `Documents left after each step; each source has its own scale. The steps took ${
        formatDuration(seconds)
      }.`,
      origin,
      (width) => funnelChart(rows, width),
    ),
    table<string>("Tokens left after each step.", origin, [
      { title: "Source", cell: (source) => source },
      ...steps.map((step, i) => ({
        title: step,
        cell: (source: string) => tokens(source, step),
        numeric: true,
        wideOnly: i > 0 && i < steps.length - 1,
      })),
    ], [...new Set(rows.map(({ source }) => source))]),
  ];
  if (noted.length > 0) {
    content.push(table<FunnelRow>("Where a step’s rule made an exception.", origin, [
      { title: "Source", cell: ({ source }) => source },
      { title: "Step", cell: ({ step }) => step },
      { title: "Note", cell: ({ note }) => note ?? "" },
    ], noted));
  }
  return { ...section, content };
}

/** What each source is worth, by training without it. */
async function leaveOneOutSection({ mixing }: RunReport): Promise<Section> {
  const section = {
    id: "leave-one-out",
    title: "Leave-one-out",
    lead: "How much worse each capability gets when a source is left out of equal sampling.",
  };
  const impacts = mixing?.leaveOneOut ?? [];
  if (impacts.length === 0) return { ...section, content: [] };
  const origin: Origin = { kind: "own", source: "proxies of the run, with all sources and without each" };
  const seeds = Math.min(...lastImpacts(impacts).map((impact) => impact.seeds));
  const signs = [...new Set(impacts.map(({ probe }) => probe))].sort(compareDomains)
    .map((probe) => `${shapeSign(domainStyle(probe).shape)} ${probe}`);
  const intervals = impacts.some(({ low }) => low !== null);
  return {
    ...section,
    content: [
      await figure(
        "Rise of the loss without the source, Δ = ℓ(without it) − ℓ(with all), in nats per token after the last update: right of " +
          `the line the source helps. ${seedsLine(seeds, intervals ? "lines are 95% intervals" : null)}`,
        origin,
        (width) => leaveOneOutChart(impacts, width),
      ),
      await figure(
        `The same along training: ${signs.join(", ")}.`,
        origin,
        (width) => leaveOneOutCurves(impacts, width),
      ),
    ],
  };
}

/** How influence is spread. */
async function influenceSection({ mixing }: RunReport): Promise<Section> {
  const section = {
    id: "influence",
    title: "Influence",
    lead: "What training on each candidate document does for each capability.",
  };
  const scores = finalScores(mixing?.influence ?? []);
  if (scores.length === 0) return { ...section, content: [] };
  const checkpoints = new Set((mixing?.influence ?? []).map(({ checkpoint }) => checkpoint));
  checkpoints.delete("joint");
  const which = scores[0]?.checkpoint === "joint"
    ? `Joint over ${checkpoints.size > 0 ? `${checkpoints.size} ` : "all "}checkpoints.`
    : `Of checkpoint ${scores[0]?.checkpoint}.`;
  return {
    ...section,
    content: [
      await figure(
        "Percent of the candidates by influence; positive: training on the document helps. Filled: documents of the capability’s own " +
          `sources (self); dashed: of the others (cross). ${which} The outermost bins hold what lies further out.`,
        { kind: "own", source: "influence stage of the run" },
        (width) => influenceHistogram(scores, width),
      ),
    ],
  };
}

/** The joint scores, or those of the last checkpoint where there are none. */
function finalScores(scores: readonly InfluenceScore[]): InfluenceScore[] {
  const joint = scores.filter(({ checkpoint }) => checkpoint === "joint");
  if (joint.length > 0) return joint;
  const last = Math.max(...scores.map(({ checkpoint }) => Number(checkpoint)));
  return scores.filter(({ checkpoint }) => checkpoint === last);
}

/** Whether retraining agrees. */
async function validationSection({ mixing }: RunReport): Promise<Section> {
  const section = {
    id: "validation",
    title: "Validity",
    lead: "What influence predicts, beside what models lose that are trained without the documents.",
  };
  const report = mixing?.validation ?? null;
  if (report === null) return { ...section, content: [] };
  const { candidates, probeDocuments, parameters, epochs, candidateLoss, probeLoss, uniformLoss } =
    report.regime;
  const { subsets, seeds } = report.settings;
  const loss = (value: number) => value.toFixed(2);
  return {
    ...section,
    content: [
      await figure(
        `Above: rank correlation of predicted with measured losses over ${subsets} random halves of ${candidates} candidates, for ` +
          `${probeDocuments} probe documents and for whole probing sets, beside the most that seed noise allows (${seeds} seeds). ` +
          "Middle: influence of each source beside its leave-one-out. Below: losses without the candidates said to help most, random " +
          `ones, and those said to help least. Proxies of ${formatInteger(parameters)} parameters, ${
            epochs.toPrecision(2)
          } epochs; loss on candidates ${loss(candidateLoss)}, on probe documents ${
            loss(probeLoss)
          }, knowing nothing ${loss(uniformLoss)}.`,
        { kind: "own", source: "validation of the run’s influence" },
        (width) => validationChart(report, width),
      ),
    ],
  };
}

/** The weights that follow, beside others. */
async function weightsSection({ mixing, sources }: RunReport): Promise<Section> {
  const section = {
    id: "weights",
    title: "Weights",
    lead: "The mixture that influence suggests, beside others for the same sources.",
  };
  const domains = new Map(sources.map(({ name, domain }) => [name, domain]));
  const rows = (mixing?.weights ?? []).map((row): WeightsRow => ({ ...row, domain: domains.get(row.source) }))
    .sort((a, b) => compareDomains(a.domain ?? "", b.domain ?? "") || b.influence - a.influence);
  if (rows.length === 0) return { ...section, content: [] };
  const origin: Origin = { kind: "own", source: "mixtures of the run" };
  const percent = (weight: number) => formatPercent(100 * weight);
  return {
    ...section,
    content: [
      await figure(
        "Percent of the training tokens by source; the influence weight in print.",
        origin,
        (width) => weightsChart(rows, width),
      ),
      table<WeightsRow>("Weights by source.", origin, [
        { title: "Source", cell: ({ source }) => source },
        { title: "Influence", cell: ({ influence }) => percent(influence), numeric: true },
        { title: "Leave-one-out", cell: ({ leaveOneOut }) => percent(leaveOneOut), numeric: true },
        { title: "Uniform", cell: ({ uniform }) => percent(uniform), numeric: true },
        { title: "By tokens", cell: ({ tokens }) => percent(tokens), numeric: true, wideOnly: true },
      ], rows),
    ],
  };
}

/** What models trained on the mixtures can do. */
async function comparisonSection({ mixing }: RunReport): Promise<Section> {
  const section = {
    id: "comparison",
    title: "Comparison",
    lead: "The same model trained on each mixture: same updates, same tokens, other data.",
  };
  const losses = mixing?.comparison ?? [];
  if (losses.length === 0) return { ...section, content: [] };
  const origin: Origin = { kind: "own", source: "training metrics of the run" };
  const points = perplexities(losses);
  const seeds = Math.min(...points.map((point) => point.seeds));
  const last = Math.max(...points.map(({ step }) => step));
  const ends = points.filter(({ step }) => step === last);
  const probes = [...new Set(ends.map(({ probe }) => probe))].sort(compareDomains);
  const mixtures = [...new Set(ends.map(({ mixture }) => mixture))].sort(compareMixtures);
  const signed = mixtures.map((mixture) => `${shapeSign(mixtureStyle(mixture).shape)} ${mixture}`);
  const end = (mixture: string, probe: string): PerplexityPoint | undefined =>
    ends.find((point) => point.mixture === mixture && point.probe === probe);
  return {
    ...section,
    content: [
      await figure(
        `Perplexity on a logarithmic scale: ${signed.join(", ")}. ${
          seedsLine(seeds, "bands are their range")
        }`,
        origin,
        (width) => comparisonChart(losses, width),
      ),
      table<string>(
        `Perplexity after ${formatInteger(last)} updates.`,
        origin,
        [
          { title: "Mixture", cell: (mixture) => mixture },
          ...probes.map((probe) => ({
            title: probe,
            cell: (mixture: string) => {
              const point = end(mixture, probe);
              return point === undefined ? "–" : formatPerplexity(point.perplexity);
            },
            numeric: true,
          })),
        ],
        mixtures,
      ),
    ],
  };
}

/** What the number of seeds means for what one sees. @param spread What shows their spread, where something does. */
function seedsLine(seeds: number, spread: string | null): string {
  if (seeds === 1) return "One seed: how much of it is chance cannot be said.";
  return spread === null
    ? `Mean of ${compactNumber(seeds)} seeds.`
    : `Mean of ${compactNumber(seeds)} seeds; ${spread}.`;
}
