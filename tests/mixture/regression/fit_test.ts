import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { Random } from "../../../lib/core/random.ts";
import { fitRegression, type MixtureRegression } from "../../../lib/mixture/regression/fit.ts";
import { randomMixtures } from "../../../lib/mixture/regression/random_mixtures.ts";
import { predictLosses } from "../../../lib/mixture/regression/prediction.ts";
import type { MeasuredRun, RunTable } from "../../../lib/mixture/run_table.ts";
import { assertClose, golden, tableOf } from "./golden.ts";

/** The law behind the goldens' losses. */
const law = (weights: readonly number[]) =>
  2 + 1.5 * Math.exp([-2, -0.5, 0.2, 0.4].reduce((sum, slope, j) => sum + slope * (weights[j] ?? 0), 0));

/** The table with other losses. */
function measured(table: RunTable, losses: (run: MeasuredRun, i: number) => number[]): RunTable {
  return { ...table, runs: table.runs.map((run, i) => ({ ...run, losses: losses(run, i) })) };
}

Deno.test("fitRegression() chooses the law for a law, and the plane for a plane", () => {
  const table = tableOf(golden.logLinear.shares, golden.logLinear.losses);
  const steep = ({ weights }: MeasuredRun) => [Math.exp(-6 * (weights[0] ?? 0) - 4 * (weights[1] ?? 0))];
  const plane = ({ weights }: MeasuredRun) => [3 - (weights[0] ?? 0) + 0.2 * (weights[2] ?? 0)];
  assert.equal(fitRegression(measured(table, steep), { seed: 1, resamples: 5 }).form, "log-linear");
  const { form, probes } = fitRegression(measured(table, plane), { seed: 1, resamples: 5 });
  assert.equal(form, "linear");
  assertClose([probes[0]?.rSquared ?? NaN, probes[0]?.crossValidated.spearman ?? NaN], [1, 1], 1e-6);
});

Deno.test("fitRegression()'s intervals cover the expected losses of most mixtures", () => {
  const table = tableOf(golden.logLinear.shares, golden.logLinear.losses), random = Random.of(11, "noise");
  const noisy = measured(table, ({ weights }, i) => [law(weights) + 0.03 * random.normal(i)]);
  const regression = fitRegression(noisy, { seed: 2, form: "log-linear" });
  const covered = golden.linear.shares.filter((weights) => {
    const { low = NaN, high = NaN } = predictLosses(regression, weights)[0] ?? {};
    return low <= law(weights) && law(weights) <= high;
  });
  const share = covered.length / golden.linear.shares.length;
  assert.ok(share >= 0.75, `${share} are covered`);
});

Deno.test("fitRegression() fits steep laws over mixtures of few sources", () => {
  // Corners of the simplex, where exponentials of a flat fit's slopes would leave no matrix positive definite.
  const sources = Array.from({ length: 8 }, (_, j) => ({ name: `source ${j}`, tokens: 1e6 * (j + 1) }));
  const truth = Random.of(2, "truth"), noise = Random.of(2, "noise");
  const mixtures = randomMixtures(sources, {
    ...{ count: 32, seed: 2, tokenizer: "llama3", tokenBudget: 1e6, maxEpochs: 4 },
  });
  const probes = ["source 0", "source 1", "source 2"];
  const runs = mixtures.map(({ name, sources }, i): MeasuredRun => {
    const weights = sources.map(({ weight }) => weight);
    const exponent = (p: number) =>
      weights.reduce(
        (sum, weight, j) => sum + weight * (1.2 * truth.normal(8 * p + j) - (j === p ? 2 : 0)),
        0,
      );
    const losses = probes.map((_, p) => 3 + Math.exp(exponent(p)) + 0.005 * noise.normal(3 * i + p));
    return { name, method: null, seed: null, weights, losses };
  });
  const table = { ...tableOf([], []), sources: sources.map(({ name }) => name), probes, runs };
  const regression = fitRegression(table, { seed: 2, form: "log-linear", resamples: 5 });
  for (const { crossValidated } of regression.probes) assert.ok((crossValidated.spearman ?? 0) > 0.98);
});

Deno.test("fitRegression() predicts the same from its JSON, and is the same twice", () => {
  const fit = () =>
    fitRegression(tableOf(golden.logLinear.shares, golden.logLinear.losses), { seed: 3, resamples: 20 });
  const kept: MixtureRegression = JSON.parse(JSON.stringify(fit()));
  assert.deepEqual(kept, fit());
  const weights = [0.3, 0.3, 0.2, 0.2];
  assert.deepEqual(predictLosses(kept, weights), predictLosses(fit(), weights));
});

Deno.test("fitRegression() tells seeds from mixtures", () => {
  const table = tableOf(golden.logLinear.shares, golden.logLinear.losses);
  const noisy = {
    ...table,
    runs: table.runs.flatMap((run) =>
      [-0.01, 0.01].map((noise, seed) => ({ ...run, seed, losses: [law(run.weights) + noise] }))
    ),
  };
  const { runs, mixtures, probes } = fitRegression(noisy, { seed: 1, resamples: 5 });
  assert.deepEqual([runs, mixtures], [80, 40]);
  assertClose([probes[0]?.seedDeviation ?? NaN], [Math.SQRT2 * 0.01], 1e-9);
  assert.equal(fitRegression(table, { seed: 1, resamples: 5 }).probes[0]?.seedDeviation, null);
});

Deno.test("fitRegression() warns of what the runs cannot tell", () => {
  const shares = [[0.5, 0.3, 0.2], [0.5, 0.2, 0.3], [0.5, 0.1, 0.4], [0.5, 0.25, 0.25]];
  const { warnings, conditionNumber } = fitRegression(tableOf(shares, [2, 2, 2, 2]), {
    seed: 1,
    resamples: 5,
  });
  assert.equal(conditionNumber, null);
  assert.deepEqual(warnings, [
    "4 mixtures for 3 parameters a probe: too few to fit them and to check them.",
    '"source 0" has the same share in every mixture: nothing is known of its effect.',
    '"probe" has the same loss in every run.',
  ]);
});

Deno.test("fitRegression() warns where losses are not predicted", () => {
  const random = Random.of(1, "nothing");
  const table = measured(tableOf(golden.linear.shares, []), (_, i) => [random.normal(i)]);
  const { warnings } = fitRegression(table, { seed: 1, resamples: 5 });
  assert.match(
    warnings[0] ?? "",
    /^The losses of "probe" are hardly predicted where mixtures are held out \(Spearman /,
  );
});

Deno.test("fitRegression() refuses what it cannot fit", () => {
  const refused = (table: RunTable, message: RegExp) =>
    assert.throws(() => fitRegression(table, { seed: 1 }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  refused(tableOf([[1], [1]], [1, 2]), /^golden: there is 1 source, expected at least 2/);
  refused(
    tableOf([[0.5, 0.5], [0.5, 0.5], [0.2, 0.8]], [1, 2, 3]),
    /there are 2 different mixtures, expected at least 4/,
  );
  refused({ ...tableOf([[0.5, 0.5]], [1]), probes: [] }, /there are no probes/);
  refused({ ...tableOf([[0.5, 0.5]], [1]), runs: [] }, /there are 0 different mixtures/);
});
