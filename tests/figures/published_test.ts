import assert from "node:assert/strict";
import { publishedPretrainingMixture } from "../../lib/figures/published.ts";

Deno.test("publishedPretrainingMixture() has the 14 datasets with the printed percentages of both phases", async () => {
  const { datasets, phaseTokens } = await publishedPretrainingMixture();
  const sum = (values: readonly (number | null)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  assert.equal(datasets.length, 14);
  assert.ok(Math.abs(sum(datasets.map(({ phase1 }) => phase1)) - 100.01) < 1e-9);
  assert.ok(Math.abs(sum(datasets.map(({ phase2 }) => phase2)) - 99.99) < 1e-9);
  assert.equal(phaseTokens, 2_097_152_000_000);
  const web = datasets.find(({ dataset }) => dataset === "OpenWebMath");
  // 38.8 epochs in phase 2, as the paper's tables imply.
  assert.ok(Math.abs((web?.phase2 ?? 0) / 100 * phaseTokens / (web?.tokens ?? 1) - 38.83) < 0.005);
});
