/**
 * One run as one HTML file that needs no network: charts, tables, samples, hashes, settings.
 * @module
 */
import { compactNumber, formatDuration } from "../core/progress.ts";
import { Markup, markup } from "./markup.ts";
import { clozeSection } from "./report/cloze_section.ts";
import { mixturesSection, sourcesSection } from "./report/data_sections.ts";
import { fineTuningSection } from "./report/fine_tuning_section.ts";
import { midtrainingSection } from "./report/midtraining_section.ts";
import { mixingSections } from "./report/mixture_sections.ts";
import { paperFiguresSection } from "./report/paper_figures_section.ts";
import type { Section } from "./report/parts.ts";
import { artefactsSection, settingsSection } from "./report/provenance_sections.ts";
import { interactiveScripts } from "./report/published_mixture.ts";
import style from "./report/style.css" with { type: "text" };
import {
  capabilitiesSection,
  samplesSection,
  timeSection,
  trainingSection,
} from "./report/training_sections.ts";
import type { RunReport } from "./run_report.ts";

/**
 * Renders the report. Equal reports give equal bytes; whatever a run holds (names, samples) is shown as text, and a
 * section without content is left out.
 *
 * @throws {RangeError} where `createdAt` is no date.
 * @throws {RunError} where Vega's browser builds are missing.
 */
export async function renderReport(report: RunReport): Promise<string> {
  const sections = [
    await sourcesSection(report),
    ...await mixingSections(report),
    await mixturesSection(report),
    await trainingSection(report),
    await midtrainingSection(report),
    fineTuningSection(report),
    await capabilitiesSection(report),
    clozeSection(report),
    paperFiguresSection(report),
    samplesSection(report),
    await timeSection(report),
    artefactsSection(report),
    settingsSection(report),
  ].filter(({ content }) => content.length > 0);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.run}: run report</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<p class="kicker">Run report</p>
<h1>${report.run}</h1>
<p class="meta">${formatDate(report.createdAt)} · ${report.machine}</p>
${summary(report)}
<nav>${sections.map(({ id, title }) => markup`<a href="#${id}">${title}</a>`)}</nav>
</header>
<main>
${sections.map(renderSection)}
</main>
${report.published === null ? "" : await interactiveScripts()}
</body>
</html>
`.text;
}

function formatDate(iso: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${format.format(new Date(iso))} UTC`;
}

/** The run in a few numbers. */
function summary({ sources, stages, probes, seconds, peakMemoryMB }: RunReport): Markup {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const trained = stages.filter(({ lossLast }) => lossLast !== null).map(({ tokens }) => tokens ?? 0);
  const better = probes.filter(({ perplexity, unigram }) => perplexity < unigram).length;
  const numbers: [string, string][] = [
    [compactNumber(sum(sources.map(({ documents }) => documents))), "documents"],
    [compactNumber(sum(sources.map(({ tokens }) => tokens))), "tokens in the corpus"],
    [compactNumber(sum(trained)), "tokens trained on"],
    [`${better} of ${probes.length}`, "capabilities better than unigram"],
    [formatDuration(seconds), "duration"],
    [`${(peakMemoryMB / 1024).toFixed(2)} GB`, "peak memory"],
  ];
  return markup`<dl class="summary">${
    numbers.map(([value, name]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  }</dl>`;
}

function renderSection({ id, title, lead, content }: Section): Markup {
  return markup`<section id="${id}"><h2>${title}</h2><p class="lead">${lead}</p>${content}</section>
`;
}
