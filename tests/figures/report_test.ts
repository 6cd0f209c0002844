import assert from "node:assert/strict";
import { renderReport } from "../../lib/figures/report.ts";
import type { RunReport } from "../../lib/figures/run_report.ts";
import { SAMPLE } from "./sample_report.ts";

const PAGE = await renderReport(SAMPLE);

const EMPTY: RunReport = {
  run: "empty",
  createdAt: "2026-01-02T03:04:05Z",
  machine: "a machine",
  seconds: 0,
  peakMemoryMB: 0,
  sources: [],
  mixtures: [],
  sampling: [],
  stages: [],
  metrics: [],
  probes: [],
  cloze: [],
  samples: [],
  manifests: [],
  recipe: null,
  published: null,
  mixing: null,
  midtraining: null,
  fineTuning: [],
};

const sections = (page: string) => Array.from(page.matchAll(/<section id="([\w-]+)"/g), ([, id]) => id);

/** The page without the libraries at its end, which may say what they like in their strings. */
function withoutScripts(page: string): string {
  return page.split("<script>")[0] ?? "";
}

Deno.test("renderReport() tells the whole run in one file of sensible size, the same twice", async () => {
  assert.deepEqual(sections(PAGE), [
    "sources",
    "funnel",
    "leave-one-out",
    "influence",
    "validation",
    "weights",
    "comparison",
    "mixtures",
    "training",
    "mid-training",
    "fine-tuning",
    "capabilities",
    "cloze",
    "paper-figures",
    "samples",
    "time",
    "artefacts",
    "settings",
  ]);
  for (
    const text of [
      "24 November 2026",
      "4m 22s",
      "1.38 GB",
      "3 of 3",
      "3,904,112",
      "WordNet-3.0",
      "413",
    ]
  ) assert.ok(PAGE.includes(text), text);
  for (const { sha256 } of SAMPLE.manifests.flatMap(({ outputs }) => outputs)) {
    assert.ok(PAGE.includes(sha256));
  }
  assert.ok(PAGE.length < 2e6, `${PAGE.length} bytes`);
  assert.equal(await renderReport(SAMPLE), PAGE);
});

Deno.test("renderReport() refers to nothing outside itself", () => {
  assert.ok(!/\b(?:src|href|srcset|action)\s*=\s*["']?(?:https?:)?\/\//i.test(PAGE));
  assert.ok(!/@import|url\(\s*["']?(?:https?:)?\/\//i.test(PAGE));
  assert.ok(!/<(?:link|iframe|img|object|embed)\b/i.test(withoutScripts(PAGE)));
});

Deno.test("renderReport() gives every table and chart a source line, and marks what is published", () => {
  const page = withoutScripts(PAGE);
  const figures = page.split("<figure").slice(1).map((figure) => figure.split("</figure>")[0] ?? "");
  assert.equal(figures.length, 35);
  for (const figure of figures) {
    const kind = figure.startsWith(' class="published"') ? "published" : "own";
    assert.ok(figure.includes(`<span class="badge ${kind}">`), figure.slice(0, 200));
  }
});

Deno.test("renderReport() shows names and samples as text", async () => {
  const nasty = `</script><img src=x onerror="alert(1)">'&`;
  const page = withoutScripts(
    await renderReport({
      ...SAMPLE,
      run: nasty,
      machine: nasty,
      sources: [{ name: nasty, domain: nasty, licence: nasty, documents: 1, tokens: 1 }],
      sampling: [{ stage: nasty, source: nasty, sequences: 1, tokens: 1, epochs: 1 }],
      stages: [{ name: "s", title: nasty, tokens: 1, lossFirst: 2, lossLast: 1, seconds: 1, skipped: false }],
      metrics: [{
        kind: "step",
        stage: "s",
        step: 1,
        tokens: 1,
        loss: 1,
        learningRate: 1,
        gradientNorm: 1,
        tokensPerSecond: 1,
      }],
      probes: [{ name: nasty, perplexity: 1, unigram: 2 }],
      samples: [{ stage: nasty, prompt: nasty, text: nasty }],
      manifests: [{ stage: nasty, fingerprint: nasty, outputs: [{ path: nasty, sha256: nasty, bytes: 1 }] }],
      recipe: { [nasty]: nasty },
      published: {
        source: nasty,
        phaseTokens: 1,
        datasets: [{ dataset: nasty, domain: nasty, rows: 1, tokens: 1, phase1: 1, phase2: 1 }],
      },
    }),
  );
  assert.ok(!page.includes("<img"));
  assert.ok(page.includes("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;"));
});

Deno.test("renderReport() sets the prompt apart from what the model wrote", async () => {
  const page = await renderReport({
    ...EMPTY,
    samples: [{ stage: "sft", prompt: "Was ist 数学?", text: " 🙂\n  e\u0301" }],
  });
  assert.ok(page.includes(`<span class="prompt">Was ist 数学?</span> 🙂\n  e\u0301</pre>`));
});

Deno.test("renderReport() leaves out what a run does not have", async () => {
  const page = await renderReport(EMPTY);
  assert.deepEqual(sections(page), []);
  assert.ok(!page.includes("<script"));
});

Deno.test("renderReport() tells a run of one stage without metrics", async () => {
  const stage = {
    name: "s",
    title: "Corpus",
    tokens: null,
    lossFirst: null,
    lossLast: null,
    seconds: 2,
    skipped: true,
  };
  const page = await renderReport({ ...EMPTY, stages: [stage] });
  assert.deepEqual(sections(page), ["training", "time"]);
  assert.ok(page.includes("done before"));
});

Deno.test("renderReport() refuses a date that is none", async () => {
  await assert.rejects(renderReport({ ...EMPTY, createdAt: "yesterday" }), RangeError);
});
