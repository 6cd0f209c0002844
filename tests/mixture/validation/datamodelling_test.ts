import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../lib/core/random.ts";
import { datamodelling, seedToSeed } from "../../../lib/mixture/validation/datamodelling.ts";

const near = (actual: number, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} ± ${tolerance}`);

Deno.test("datamodelling() gives 1 to predictions in the order of the gains, −1 to the reverse, 0 to none", () => {
  // Two probe documents, four subsets, two seeds that agree.
  const losses = [[[4, 1], [3, 2], [2, 3], [1, 4]], [[5, 1], [4, 2], [3, 3], [2, 4]]];
  const result = datamodelling(
    [
      { method: "influence", sums: [[1, 2, 3, 4], [9, 8, 3, 1]] },
      { method: "gradient product", sums: [[4, 3, 2, 1], [0, 0, 0, 0]] },
    ],
    ["code", "math"],
    losses,
    1,
  );
  assert.deepEqual(result.methods.map(({ perProbe }) => perProbe), [[1, 1], [-1, 0]]);
  assert.deepEqual(result.methods.map(({ mean }) => mean), [1, -0.5]);
  assert.equal(result.seedToSeed.mean, 1);
  assert.equal(result.ceiling, 1);
  assert.deepEqual(
    result.capabilities.map(({ capability, methods }) => [capability, methods[0]?.mean]),
    [["code", 1], ["math", 1]],
  );
});

Deno.test("datamodelling() averages losses over seeds before it ranks", () => {
  const losses = [[[1], [2], [3], [4]], [[4], [2], [3], [11]]];
  // Means 2.5, 2, 3, 7.5.
  const { methods } = datamodelling(
    [{ method: "influence", sums: [[-2.5, -2, -3, -7.5]] }],
    ["code"],
    losses,
    1,
  );
  assert.equal(methods[0]?.mean, 1);
});

Deno.test("datamodelling() asks a capability by the mean of its documents", () => {
  // Noise of single documents cancels.
  const losses = [[[1, 9], [5, 4], [9, -1]]];
  const { capabilities } = datamodelling(
    [{ method: "influence", sums: [[0, 0, 0], [-10, -9, -8]] }],
    ["code", "code"],
    [losses[0] ?? [], losses[0] ?? []],
    1,
  );
  assert.equal(capabilities[0]?.methods[0]?.mean, 1);
});

Deno.test("seedToSeed() is the mean over pairs of seeds", () => {
  near(seedToSeed([[1, 2, 3], [1, 2, 3], [3, 2, 1]]), (1 - 1 - 1) / 3);
});

Deno.test("the ceiling is what the noiseless truth reaches on simulated seeds", () => {
  const random = Random.of(1, "simulation");
  const [documents, subsets] = [60, 64];
  const normal = (...path: number[]) => random.normal(path.reduce((sum, part) => 1000 * sum + part, 0));
  const truth = Array.from(
    { length: documents },
    (_, q) => Array.from({ length: subsets }, (_, m) => normal(1, q, m)),
  );
  const losses = [2, 3].map((seed) =>
    Array.from(
      { length: subsets },
      (_, m) => truth.map((of, q) => -(of[m] ?? NaN) + 1.2 * normal(seed, q, m)),
    )
  );
  const { methods, ceiling, seedToSeed } = datamodelling(
    [{ method: "influence", sums: truth }],
    truth.map(() => "code"),
    losses,
    1,
  );
  // 1 / (1 + 1.2²) for Pearson's, a little less for Spearman's.
  near(seedToSeed.mean, 0.41, 0.05);
  near(methods[0]?.mean ?? NaN, ceiling, 0.03);
});

Deno.test("scores, ceilings and their intervals are correlations", () => {
  const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { minLength: 12, maxLength: 12 }), { minLength: 6, maxLength: 6 }),
      ([a = [], b = [], c = [], d = [], e = [], f = []]) => {
        const bySubset = (series: number[][]) =>
          series[0]?.map((_, m) => series.map((of) => of[m] ?? NaN)) ?? [];
        const { methods, ceiling, seedToSeed } = datamodelling(
          [{ method: "influence", sums: [a, b, c] }],
          ["code", "code", "math"],
          [bySubset([d, e, f]), bySubset([e, f, d])],
          1,
        );
        for (const { mean, low, high, perProbe } of methods) {
          assert.ok(low !== null && high !== null && low <= mean + 1e-9 && mean <= high + 1e-9);
          assert.ok(perProbe.every((score) => Math.abs(score) <= 1 + 1e-9));
        }
        assert.ok(ceiling >= 0 && ceiling <= 1 + 1e-9 && Math.abs(seedToSeed.mean) <= 1 + 1e-9);
      },
    ),
    { numRuns: 20 },
  );
});
