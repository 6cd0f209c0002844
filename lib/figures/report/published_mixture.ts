/**
 * The report's one interactive chart: a published mixture, and the scripts that bring it to life.
 * @module
 */
import { RunError } from "../../core/errors.ts";
import { compactNumber } from "../../core/progress.ts";
import { interactiveMixtures } from "../interactive_mixtures.ts";
import { Markup, markup, scriptJson } from "../markup.ts";
import { mixturesChart, publishedShares } from "../mixtures_chart.ts";
import { renderSvg } from "../render.ts";
import type { PublishedMixture } from "../run_report.ts";
import { NARROW } from "../theme.ts";
import { sourceLine } from "./parts.ts";

/** Vega's browser builds, beside what each package's name resolves to; each needs those before it. */
const BUILDS = [
  ["vega", "vega.min.js"],
  ["vega-lite", "vega-lite.min.js"],
  ["vega-embed", "vega-embed.min.js"],
] as const;

// Where a script fails, the chart drawn beforehand stays.
const START = `
(async () => {
  const embed = vegaEmbed;
  const spec = JSON.parse(document.getElementById("interactive-spec").textContent);
  const place = document.getElementById("interactive");
  spec.width = place.clientWidth;
  const still = [...place.childNodes];
  const live = document.createElement("div");
  place.replaceChildren(live);
  await embed(live, spec, { actions: false, renderer: "svg" }).catch(() => place.replaceChildren(...still));
})();
`;

/** A chart of both phases that works without scripts; where they run, the interactive one takes its place. */
export async function publishedFigure(published: PublishedMixture): Promise<Markup> {
  const still = await renderSvg(mixturesChart(publishedShares(published), NARROW));
  const spec = scriptJson(interactiveMixtures(published));
  const caption =
    `Two phases of ${compactNumber(published.phaseTokens)} tokens each: ○ phase 1, ◆ phase 2; the ` +
    "slider moves the bars from one to the other. Click a domain to pick it out; point at a dataset for its numbers.";
  return markup`<figure class="published">
<h3>The published pretraining mixture</h3>
<div id="interactive">${new Markup(still)}</div>
<script type="application/json" id="interactive-spec">${spec}</script>
<figcaption>${caption} ${sourceLine({ kind: "published", source: published.source })}</figcaption>
</figure>`;
}

/**
 * The scripts of that chart, to stand after it.
 *
 * @throws {RunError} where a package lacks its browser build.
 */
export async function interactiveScripts(): Promise<Markup> {
  const sources = await Promise.all(BUILDS.map(async ([name, build]) => {
    const url = new URL(build, import.meta.resolve(name));
    try {
      return await Deno.readTextFile(url);
    } catch (cause) {
      throw new RunError(`The report's interactive chart needs ${url.pathname}, which cannot be read.`, {
        cause,
      });
    }
  }));
  const scripts = [...sources, START].map((source) => source.replaceAll("</script", "<\\/script"));
  return markup`${scripts.map((source) => new Markup(`<script>${source}</script>\n`))}`;
}
