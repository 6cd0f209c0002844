/**
 * Figures of SciPy and scikit-learn, from tests/fixtures/mixture/make.py.
 * @module
 */
import assert from "node:assert/strict";
import { meanOf } from "../../../lib/core/statistics.ts";
import type { RunTable } from "../../../lib/mixture/run_table.ts";
import golden from "../../fixtures/mixture/golden.json" with { type: "json" };

export { golden };

/** Shares less their mean, as every fit takes them. */
export function centred(shares: readonly (readonly number[])[]): number[][] {
  const means = (shares[0] ?? []).map((_, j) => meanOf(shares.map((row) => row[j] as number))); // rows of one length
  return shares.map((row) => row.map((share, j) => share - (means[j] as number)));
}

/** One run a mixture, one probe. */
export function tableOf(shares: readonly (readonly number[])[], losses: readonly number[]): RunTable {
  return {
    sources: (shares[0] ?? []).map((_, j) => `source ${j}`),
    probes: ["probe"],
    runs: shares.map((weights, i) => ({
      name: `run ${i}`,
      method: null,
      seed: null,
      weights,
      losses: [losses[i] as number], // one for each
    })),
    origin: "golden",
    tokenizer: null,
    tokenBudget: null,
  };
}

/** Asserts that numbers agree to an absolute tolerance. */
export function assertClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const other = expected[i] as number; // as many
    assert.ok(Math.abs(value - other) <= tolerance, `${i}: ${value}, expected ${other} ± ${tolerance}`);
  });
}
