/**
 * The report on the data: sources, mixtures, repetition.
 * @module
 */
import { epochsChart } from "../epochs_chart.ts";
import { formatInteger, formatPercent } from "../format.ts";
import type { Markup } from "../markup.ts";
import { mixturesChart } from "../mixtures_chart.ts";
import type { ReportSource, RunReport } from "../run_report.ts";
import { sourcesChart } from "../sources_chart.ts";
import { compareDomains } from "../theme.ts";
import { figure, type Origin, type Section, table } from "./parts.ts";
import { publishedFigure } from "./published_mixture.ts";

/** Sources: chart and table. */
export async function sourcesSection({ sources }: RunReport): Promise<Section> {
  const section = { id: "sources", title: "Sources", lead: "What the corpus is made of." };
  if (sources.length === 0) return { ...section, content: [] };
  const origin: Origin = { kind: "own", source: "catalogue of the run" };
  const total = sources.reduce((sum, { tokens }) => sum + tokens, 0);
  const content = [
    await figure("Documents and tokens of each source.", origin, (width) => sourcesChart(sources, width)),
    table<ReportSource>(
      "Sources by domain.",
      origin,
      [
        { title: "Source", cell: ({ name }) => name },
        { title: "Domain", cell: ({ domain }) => domain },
        { title: "Licence", cell: ({ licence }) => licence, wideOnly: true },
        { title: "Documents", cell: ({ documents }) => formatInteger(documents), numeric: true },
        { title: "Tokens", cell: ({ tokens }) => formatInteger(tokens), numeric: true },
        {
          title: "Share",
          cell: ({ tokens }) => formatPercent(100 * tokens / (total || 1)),
          numeric: true,
          wideOnly: true,
        },
      ],
      sources.toSorted((a, b) => compareDomains(a.domain, b.domain) || b.tokens - a.tokens),
    ),
  ];
  return { ...section, content };
}

/** Mixtures of the run, how often they repeat their sources, and the published mixture beside them. */
export async function mixturesSection(report: RunReport): Promise<Section> {
  const { mixtures, sampling, sources, stages, published } = report;
  const domainOf = (source: string) => sources.find(({ name }) => name === source)?.domain;
  const titleOf = (stage: string) => stages.find(({ name }) => name === stage)?.title ?? stage;
  const content: Markup[] = [];
  if (mixtures.length > 0) {
    const shares = mixtures.flatMap(({ stage, mixture }) =>
      mixture.sources.map(({ name, weight }) => ({
        mixture: titleOf(stage),
        source: name,
        domain: domainOf(name),
        percent: 100 * weight,
      }))
    );
    const source = mixtures
      .map(({ stage, mixture: { name, method } }) => `${titleOf(stage)}: “${name}” (${method})`)
      .join("; ");
    content.push(
      await figure(
        "Share of the training tokens by source.",
        { kind: "own", source },
        (width) => mixturesChart(shares, width),
      ),
    );
  }
  if (sampling.length > 0) {
    const rows = sampling.map(({ stage, source, epochs }) => ({
      stage: titleOf(stage),
      source,
      domain: domainOf(source),
      epochs,
    }));
    content.push(
      await figure(
        "Epochs: how often each source was gone through. The dashed line is one epoch.",
        { kind: "own", source: "sampler of the run" },
        (width) => epochsChart(rows, width),
      ),
    );
  }
  if (published !== null) content.push(await publishedFigure(published));
  return {
    id: "mixtures",
    title: "Mixtures",
    lead: "Which share of the training tokens each source gives.",
    content,
  };
}
