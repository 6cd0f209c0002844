import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import {
  bootstrapInterval,
  meanOf,
  pearson,
  quantile,
  ranks,
  spearman,
  standardDeviation,
  studentQuantile,
  tInterval,
} from "../../lib/core/statistics.ts";
import golden from "../fixtures/mixture/golden.json" with { type: "json" };

const { statistics } = golden;

function assertNear(actual: number, expected: number, relative = 1e-9): void {
  const allowed = relative * Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= allowed, `${actual}, expected ${expected}`);
}

Deno.test("studentQuantile() equals SciPy's", () => {
  for (const { p, degrees, t } of statistics.studentQuantiles) assertNear(studentQuantile(p, degrees), t);
});

Deno.test("tInterval() equals SciPy's, and is none of fewer than three values", () => {
  const { values, interval } = statistics.tInterval;
  const { mean, low, high } = tInterval(values);
  assert.ok(low !== null && high !== null);
  assertNear(low, interval[0] as number);
  assertNear(high, interval[1] as number);
  assertNear(mean, meanOf(values));
  assert.deepEqual(tInterval([1, 2]), { mean: 1.5, low: null, high: null });
});

Deno.test("spearman(), pearson() and quantile() equal SciPy's and NumPy's", () => {
  assertNear(spearman(statistics.spearman.a, statistics.spearman.b), statistics.spearman.correlation);
  assertNear(pearson(statistics.pearson.a, statistics.pearson.b), statistics.pearson.correlation);
  for (const { values, p, quantile: expected } of statistics.quantiles) {
    assertNear(quantile(values, p), expected);
  }
});

Deno.test("ranks() share the mean where values are equal", () => {
  assert.deepEqual(ranks([3, 1, 3, 2]), [3.5, 1, 3.5, 2]);
});

Deno.test("spearman() depends on order alone, and is NaN of a constant", () => {
  const distinct = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 12 });
  fc.assert(fc.property(distinct, (values) => {
    assertNear(spearman(values, values.map((value) => Math.exp(value / 10))), 1);
    assertNear(spearman(values, values.map((value) => -(value ** 3))), -1);
  }));
  assert.equal(spearman([1, 1, 1], [1, 2, 3]), NaN);
});

Deno.test("pearson() refuses series of different length", () => {
  assert.throws(() => pearson([1, 2], [1]), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /have 2 and 1 values/);
    return true;
  });
});

Deno.test("standardDeviation() divides by n − 1", () => {
  assert.equal(standardDeviation([1, 2, 3]), 1);
  assert.equal(standardDeviation([1]), NaN);
});

Deno.test("bootstrapInterval() of a mean is about as wide as theory says, and the same twice", () => {
  const random = Random.of(5, "values");
  const values = Array.from({ length: 200 }, (_, i) => random.normal(i));
  const interval = () => bootstrapInterval(values, meanOf, Random.of(6, "bootstrap"));
  const { mean, low, high } = interval();
  assert.ok(low !== null && high !== null);
  const half = 1.96 * standardDeviation(values) / Math.sqrt(values.length);
  assert.ok(Math.abs(high - mean - half) < 0.1 * half && Math.abs(mean - low - half) < 0.1 * half);
  assert.deepEqual(interval(), { mean, low, high });
});

Deno.test("bootstrapInterval() leaves out resamples without a value", () => {
  const pairs = [[1, 2], [2, 4], [3, 9]] as const;
  const { low, high } = bootstrapInterval(
    pairs,
    (sample) => spearman(sample.map(([a]) => a), sample.map(([, b]) => b)),
    Random.of(7, "pairs"),
  );
  assert.deepEqual([low?.toFixed(9), high?.toFixed(9)], ["1.000000000", "1.000000000"]);
  const none = bootstrapInterval([1, 2, 3], () => NaN, Random.of(7, "none"));
  assert.deepEqual(none, { mean: NaN, low: null, high: null });
});
