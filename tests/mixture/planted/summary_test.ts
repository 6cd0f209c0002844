import assert from "node:assert/strict";
import type { PlantedSeed } from "../../../lib/mixture/planted/experiment.ts";
import { summarise } from "../../../lib/mixture/planted/summary.ts";

const SOURCES = ["code", "code-shuffled", "math"];

/** A seed with one capability, code. */
function seedOf(
  seed: number,
  influence: readonly number[],
  impacts: readonly number[],
  gradientProduct = influence,
): PlantedSeed {
  const densities = (values: readonly number[]) =>
    SOURCES.map((source, g) => ({ source, density: values[g] ?? NaN, standardError: 0.1 }));
  return {
    seed,
    probes: [{
      probe: "code",
      influence: densities(influence),
      gradientProduct: densities(gradientProduct),
      leaveOneOut: impacts.map((impact, g) => ({ source: SOURCES[g] ?? "", impact })),
    }],
    copied: {
      original: { source: "math", density: 1, standardError: 0.3 },
      copy: { source: "math-copy", density: seed === 1 ? 1.5 : 2.2, standardError: 0.4 },
    },
    weights: { without: [0.5, 0.5], deduplicated: seed === 1 ? [0.5, 0.5] : [0.5, 0.5 + 1e-16] },
  };
}

Deno.test("summarise() counts the seeds in which each truth was found", () => {
  const summary = summarise(
    [[3, 1, 2], [1, 2, 0], [2, 1, 3]].map((density, i) => seedOf(i + 1, density, [1, 2, 3])),
  );
  const [code] = summary.capabilities;
  assert.deepEqual([code?.aboveShuffled, code?.aboveOtherDomains], [2, 2]);
  assert.deepEqual([summary.aboveShuffled, summary.aboveOtherDomains], [2, 2]);
  // (2.2 − 1) / 0.5 standard errors in two seeds, 0.5 / 0.5 in one.
  assert.equal(summary.copyEqual, 1);
  assert.equal(summary.largestCopyDifference.toFixed(3), "2.400");
  assert.equal(summary.deduplicatedEqual, 1);
});

Deno.test("summarise() compares orders only where retraining tells sources apart beyond seed noise", () => {
  // code − code-shuffled: 3 ± 0.1. code − math: 1, 3, −1. code-shuffled − math: −2, 0, −4.
  const impacts = [[4, 1, 3], [4.1, 1, 1.1], [3.9, 1, 4.9]];
  const seeds = impacts.map((of, i) => seedOf(i + 1, [3, 1, 2], of, [1, 3, 2]));
  const { retraining } = summarise(seeds).capabilities[0] ?? {};
  assert.deepEqual(
    [retraining?.pairs, retraining?.decided, retraining?.agreed, retraining?.agreedByGradientProduct],
    [3, 1, 1, 0],
  );
  // Ranks of the impacts: 3 1 2, 3 1 2, 2 1 3.
  assert.equal(retraining?.spearman.mean.toFixed(6), ((1 + 1 + 0.5) / 3).toFixed(6));
  assert.ok((retraining?.spearmanOfGradientProduct.mean ?? NaN) < 0);
});
