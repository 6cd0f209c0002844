import assert from "node:assert/strict";
import { compressionHistogram } from "../../lib/figures/compression_histogram.ts";
import { draw } from "./svg.ts";

/** Stage 2 is narrower and lies lower. */
const SCORES = [1, 2].flatMap((stage) =>
  ["math", "knowledge"].flatMap((capability) =>
    Array.from({ length: 100 }, (_, i) => ({ stage, capability, influence: (i - 39.5 * stage) / stage }))
  )
);

Deno.test("compressionHistogram() has a panel a capability, and says how much is kept in each stage", async () => {
  const { texts, svg } = await draw(compressionHistogram(SCORES));
  for (const label of ["math", "knowledge", "stage 1: 60% above 0", "stage 2: 20% above 0"]) {
    assert.ok(texts.includes(label), `${label}: ${texts}`);
  }
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

Deno.test("compressionHistogram() draws one stage alone, and scores that are all 0", async () => {
  const zeros = SCORES.filter(({ stage }) => stage === 1).map((score) => ({ ...score, influence: 0 }));
  const { texts, svg } = await draw(compressionHistogram(zeros, 340));
  assert.ok(texts.includes("stage 1: 0% above 0") && !texts.some((text) => text.startsWith("stage 2")));
  assert.doesNotMatch(svg, /NaN|Infinity/);
});
