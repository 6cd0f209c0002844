import assert from "node:assert/strict";
import * as vega from "vega";
import { compile } from "vega-lite";
import { mixtureExplorer } from "../../lib/figures/mixture_explorer.ts";
import { textWidth } from "../../lib/figures/text_width.ts";
import { fitRegression } from "../../lib/mixture/regression/fit.ts";
import { predictLosses } from "../../lib/mixture/regression/prediction.ts";
import { draw } from "./svg.ts";

const SOURCES = ["programs", "proofs", "letters"];

/** Runs whose losses are exponentials of the shares. */
const RUNS = [
  [0.6, 0.2, 0.2],
  [0.2, 0.6, 0.2],
  [0.2, 0.2, 0.6],
  [0.4, 0.4, 0.2],
  [0.2, 0.4, 0.4],
  [0.4, 0.2, 0.4],
  [0.3, 0.3, 0.4],
  [0.5, 0.3, 0.2],
].map((weights, i) => ({
  name: `run ${i}`,
  method: null,
  seed: null,
  weights,
  losses: [2 + Math.exp(-2 * (weights[0] ?? 0)), 3 + Math.exp(-(weights[1] ?? 0))],
}));

const REGRESSIONS = (["linear", "log-linear"] as const).map((form) =>
  fitRegression(
    {
      sources: SOURCES,
      probes: ["code", "math"],
      runs: RUNS,
      origin: "a test",
      tokenizer: null,
      tokenBudget: null,
    },
    { seed: 1, form, resamples: 20 },
  )
);

/** Texts of the chart at positions of the sliders. */
async function textsAt(
  regression: typeof REGRESSIONS[number],
  sliders: readonly number[],
): Promise<string[]> {
  const third = [1 / 3, 1 / 3, 1 / 3];
  const spec = mixtureExplorer(regression, [{ name: "uniform", weights: third }], third);
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" });
  try {
    sliders.forEach((value, j) => view.signal(`source_${j}`, value));
    return [...(await view.toSVG()).matchAll(/<text[^>]*>([^<]+)</g)].map(([, text = ""]) => text);
  } finally {
    view.finalize();
  }
}

Deno.test.each(REGRESSIONS.map((regression) => [regression.form, regression] as const))(
  "mixtureExplorer() predicts at the sliders what a %s regression does",
  async (_form, regression) => {
    for (const sliders of [[50, 25, 25], [10, 60, 30]]) {
      const texts = await textsAt(regression, sliders);
      for (const { probe, loss } of predictLosses(regression, sliders.map((value) => value / 100))) {
        const at = texts.indexOf(`Perplexity of ${probe}, predicted`);
        assert.notEqual(at, -1);
        const printed = texts.map(Number).filter((value) =>
          Math.abs(value - Math.exp(loss)) < 2e-3 * Math.exp(loss)
        );
        assert.ok(printed.length > 0, `${probe}: ${Math.exp(loss)} in ${texts.join(" ")}`);
      }
    }
  },
);

Deno.test("mixtureExplorer() brings the sliders to shares, and marks those that no run had", async () => {
  const texts = await textsAt(REGRESSIONS[0] as typeof REGRESSIONS[number], [30, 10, 0]);
  assert.ok(
    texts.includes("75.0% !") && texts.includes("25.0%") && texts.includes("0.0% !"),
    texts.join(" "),
  );
});

Deno.test("mixtureExplorer() has a slider for each source, and its marks in the legend", async () => {
  const [regression] = REGRESSIONS;
  assert.ok(regression);
  const third = [1 / 3, 1 / 3, 1 / 3];
  const spec = mixtureExplorer(regression, [{ name: "uniform", weights: third }], third, 340);
  const binds = (spec.params ?? []).map((param) => "bind" in param ? param.bind : null);
  assert.deepEqual(binds.map((bind) => (bind as { name: string }).name), SOURCES.map((name) => `${name} `));
  assert.ok((await textsAt(regression, [1, 1, 1])).includes("uniform"));
});

/** Labels of the axis of shares that can be seen, with their ends in pixels. */
async function shareLabels(spec: ReturnType<typeof mixtureExplorer>) {
  const { svg } = await draw(spec);
  const labels =
    /<text text-anchor="(\w+)" transform="translate\(([\d.]+),15\)"(?![^>]*opacity="0")[^>]*>(\d+%)</g;
  return Array.from(svg.matchAll(labels), ([, anchor, x, text = ""]) => {
    const width = textWidth(text, 11);
    const left = Number(x) - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
    return { text, left, right: left + width };
  });
}

Deno.test("mixtureExplorer() leaves room between the labels of the axis of shares, however wide it is", async () => {
  const [regression] = REGRESSIONS;
  assert.ok(regression);
  const third = [1 / 3, 1 / 3, 1 / 3];
  for (let width = 600; width <= 900; width += 20) {
    const labels = await shareLabels(mixtureExplorer(regression, [], third, width));
    assert.ok(labels.length >= 2);
    for (const [i, { text, right }] of labels.slice(0, -1).entries()) {
      const next = labels[i + 1];
      assert.ok(next && next.left - right >= 4, `${text} and ${next?.text} at ${width}`);
    }
  }
});
