import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { normaliseShares, runsByMixture, type RunTable } from "../../lib/mixture/run_table.ts";

const table = (runs: [string, number[]][]): RunTable => ({
  sources: ["code", "web"],
  probes: ["code"],
  runs: runs.map(([name, weights], seed) => ({ name, weights, seed, method: null, losses: [seed] })),
  origin: "a test",
  tokenizer: null,
  tokenBudget: null,
});

Deno.test("runsByMixture() groups by name, in order", () => {
  const groups = runsByMixture(table([["b", [0.5, 0.5]], ["a", [1, 0]], ["b", [0.5, 0.5]]]));
  assert.deepEqual(groups.map((runs) => runs.map(({ name, seed }) => `${name} ${seed}`)), [["b 0", "b 2"], [
    "a 1",
  ]]);
});

Deno.test("runsByMixture() refuses one name for two mixtures", () => {
  assert.throws(() => runsByMixture(table([["b", [0.5, 0.5]], ["b", [0.4, 0.6]]])), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'a test: the mixture "b" has different shares in two of its runs.');
    return true;
  });
});

Deno.test("normaliseShares() sum to 1, from shares or percentages", () => {
  assert.deepEqual(normaliseShares([25, 75], [1, 100], "a row"), [0.25, 0.75]);
  assert.deepEqual(normaliseShares([0.504, 0.504], [1], "a row"), [0.5, 0.5]);
  assert.throws(
    () => normaliseShares([25, 75], [1], "a row"),
    /^UsageError: a row has shares that sum to 100, expected 1/,
  );
  assert.throws(() => normaliseShares([0, 0], [1, 100], "a row"), /sum to 0, expected 1 or 100 within 1%\.$/);
});
