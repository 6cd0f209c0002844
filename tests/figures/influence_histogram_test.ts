import assert from "node:assert/strict";
import { influenceHistogram } from "../../lib/figures/influence_histogram.ts";
import { SAMPLE_MIXING } from "./sample_mixing.ts";
import { draw } from "./svg.ts";

const JOINT = SAMPLE_MIXING.influence.filter(({ checkpoint }) => checkpoint === "joint");

Deno.test("influenceHistogram() has a panel a capability, self and cross apart", async () => {
  const { texts, svg } = await draw(influenceHistogram(JOINT));
  for (const label of ["code", "math", "knowledge"]) assert.ok(texts.includes(label), label);
  assert.ok(texts.some((text) => /^self: 240 documents, median 0\.\d+$/.test(text)), texts.join());
  assert.ok(texts.some((text) => /^cross: 720 documents, median [−0]/.test(text)));
  assert.equal(svg.split('stroke-dasharray="4,2"').length - 1, 3);
});

Deno.test("influenceHistogram() draws one kind alone, and scores that are all equal", async () => {
  const scores = [1, 1, 1].map((influence) => ({
    capability: "own",
    kind: "cross" as const,
    influence: influence - 1,
  }));
  const { texts, svg } = await draw(influenceHistogram(scores, 340));
  assert.ok(texts.includes("self: 0 documents") && texts.includes("cross: 3 documents, median 0.0"));
  assert.doesNotMatch(svg, /NaN|Infinity/);
});
