import assert from "node:assert/strict";
import { paperFiguresSection } from "../../../lib/figures/report/paper_figures_section.ts";
import { renderReport } from "../../../lib/figures/report.ts";
import { SAMPLE } from "../sample_report.ts";

const figures = (text: string) => Array.from(text.matchAll(/>(Figure \d+)</g), ([, place]) => place);

Deno.test("paperFiguresSection() lists the figures that the run has", () => {
  const all = paperFiguresSection(SAMPLE).content.map(({ text }) => text).join("");
  assert.deepEqual(figures(all), ["Figure 6", "Figure 7", "Figure 8", "Figure 9", "Figure 11"]);
  const [some] = paperFiguresSection({ ...SAMPLE, midtraining: null, probes: [] }).content;
  assert.deepEqual(figures(some?.text ?? ""), ["Figure 6", "Figure 7"]);
  assert.deepEqual(
    paperFiguresSection({ ...SAMPLE, mixing: null, midtraining: null, probes: [] }).content,
    [],
  );
});

Deno.test("paperFiguresSection() links to sections that the report has", async () => {
  const page = await renderReport(SAMPLE);
  const section = /<section id="paper-figures">.*?<\/section>/s.exec(page)?.[0] ?? "";
  const anchors = Array.from(section.matchAll(/href="#([\w-]+)"/g), ([, anchor]) => anchor);
  assert.equal(anchors.length, 5);
  for (const anchor of anchors) assert.ok(page.includes(`<section id="${anchor}">`), anchor);
});
