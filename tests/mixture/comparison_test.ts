import assert from "node:assert/strict";
import { uniformMixture } from "../../lib/core/mixture.ts";
import { compareMeasured, comparePredicted } from "../../lib/mixture/comparison.ts";
import { fitRegression } from "../../lib/mixture/regression/fit.ts";
import type { RunTable } from "../../lib/mixture/run_table.ts";

const SHARES: Record<string, number[]> = { a: [0.2, 0.8], b: [0.4, 0.6], c: [0.6, 0.4], d: [0.8, 0.2] };

const table: RunTable = {
  sources: ["code", "web"],
  probes: ["p1", "p2"],
  runs: Object.entries(SHARES).flatMap(([name, weights], i) =>
    [1, 2, 3].slice(name === "d" ? 2 : 0).map((seed) => ({
      ...{ name, seed, weights, method: name === "a" ? "uniform" : null },
      losses: [3 - i / 10 + seed / 100, 2 + seed / 100],
    }))
  ),
  origin: "a test",
  tokenizer: null,
  tokenBudget: null,
};

Deno.test("compareMeasured() puts the lowest mean first, with intervals where there are three seeds", () => {
  const rows = compareMeasured(table);
  assert.deepEqual(rows.map(({ mixture, seeds, predicted }) => [mixture, seeds, predicted]), [
    ["d", 1, false],
    ["c", 3, false],
    ["b", 3, false],
    ["a", 3, false],
  ]);
  const [one, three] = rows, last = rows.at(-1);
  assert.deepEqual([one?.overall.low, one?.losses[0]?.low, last?.method], [null, null, "uniform"]);
  assert.ok(Math.abs((three?.losses[0]?.mean ?? NaN) - 2.82) < 1e-12);
  // 4.303 standard errors of 0.01 / √3.
  assert.ok(Math.abs((three?.overall.high ?? NaN) - (2.42 + 4.3027 * 0.01 / Math.sqrt(3))) < 1e-6);
});

Deno.test("comparePredicted() marks its rows, and what extrapolates", () => {
  const regression = fitRegression(table, { seed: 1, resamples: 20 });
  const [inside, outside] = comparePredicted(regression, [
    uniformMixture(["code", "web"], "llama3"),
    { ...uniformMixture(["web"], "llama3"), name: "web alone" },
  ]);
  assert.deepEqual([inside?.mixture, inside?.seeds, inside?.predicted, inside?.warning], [
    "uniform",
    0,
    true,
    null,
  ]);
  assert.ok(Math.abs((inside?.losses[0]?.mean ?? NaN) - 2.87) < 0.02);
  assert.deepEqual([inside?.overall.low, inside?.overall.high], [null, null]);
  assert.match(outside?.warning ?? "", /no run had such a share of code, web/);
});
