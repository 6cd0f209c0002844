import assert from "node:assert/strict";
import { interactiveScripts, publishedFigure } from "../../../lib/figures/report/published_mixture.ts";
import { PUBLISHED } from "../sample_report.ts";

Deno.test("interactiveScripts() holds three packages and the start, each a whole element", async () => {
  const { text } = await interactiveScripts();
  assert.equal(text.split("<script>").length - 1, 4);
  assert.equal(text.split("</script").length - 1, 4);
});

Deno.test("publishedFigure() shows a chart before any script runs, and the spec for those that do", async () => {
  const { text } = await publishedFigure(PUBLISHED);
  assert.match(text, /<div id="interactive"><svg /);
  const [, json] = /id="interactive-spec">([^<]*)<\/script>/.exec(text) ?? [];
  assert.equal(JSON.parse(json ?? "").data.values.length, PUBLISHED.datasets.length);
});
