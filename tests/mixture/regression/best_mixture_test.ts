import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { parseMixture } from "../../../lib/core/mixture.ts";
import {
  bestMixture,
  regressionMixture,
  type SearchOptions,
} from "../../../lib/mixture/regression/best_mixture.ts";
import type { MixtureRegression } from "../../../lib/mixture/regression/fit.ts";
import { fitRegression } from "../../../lib/mixture/regression/fit.ts";
import type { LossModel } from "../../../lib/mixture/regression/loss_model.ts";
import { assertClose, golden, tableOf } from "./golden.ts";

const { laws, deviation, least, most, curved, flat } = golden.bestMixture;

/** A regression with given models, whose runs had the golden's ranges. */
function regressionOf(models: readonly LossModel[]): MixtureRegression {
  const fitted = fitRegression(tableOf(golden.linear.shares, golden.linear.losses), {
    seed: 1,
    resamples: 5,
  });
  const [probe] = fitted.probes;
  assert.ok(probe !== undefined);
  const probes = models.map((model, p) => ({
    ...probe,
    probe: `probe ${p}`,
    model,
    resampled: [model, model, model],
    mean: model.level,
    deviation,
  }));
  return { ...fitted, probes, centre: [0.25, 0.25, 0.25, 0.25], least, most };
}

const weightsOf = (regression: MixtureRegression, options: SearchOptions = {}) =>
  bestMixture(regression, options).shares.map(({ weight }) => weight);

Deno.test("bestMixture() of laws is SciPy's minimum", () => {
  const best = bestMixture(regressionOf(laws));
  assertClose([best.objective], [curved.objective], 1e-9);
  assertClose(best.shares.map(({ weight }) => weight), curved.weights, 1e-4);
});

Deno.test("bestMixture() of planes is the corner that SciPy's linear programme finds", () => {
  const best = bestMixture(regressionOf(laws.map((law) => ({ ...law, gap: null }))));
  assertClose(best.shares.map(({ weight }) => weight), flat, 1e-6);
  assert.ok(best.shares.filter(({ bound }) => bound !== null).length >= flat.length - 1);
});

Deno.test("bestMixture() keeps caps and floor, and leaves the runs' range where it may", () => {
  const regression = regressionOf(laws.map((law) => ({ ...law, gap: null })));
  const capped = weightsOf(regression, { caps: { "source 0": 0.3 } });
  assert.ok((capped[0] ?? 1) <= 0.3 + 1e-12);
  assert.ok(weightsOf(regression, { floor: 0.1 }).every((weight) => weight >= 0.1));
  assertClose(weightsOf(regression, { beyondRuns: true }), [1, 0, 0, 0], 1e-6);
  assert.match(
    bestMixture(regression, { beyondRuns: true }).extrapolation.warning ?? "",
    /^This is an extrapolation/,
  );
});

Deno.test("bestMixture()'s intervals are ranges of shares, and its shares sum to 1", () => {
  const regression = fitRegression(tableOf(golden.logLinear.shares, golden.logLinear.losses), { seed: 1 });
  const { shares } = bestMixture(regression);
  for (const { low, high } of shares) assert.ok(0 <= low && low <= high && high <= 1);
  assertClose([shares.reduce((sum, { weight }) => sum + weight, 0)], [1], 1e-9);
});

Deno.test("bestMixture() refuses bounds that are none", () => {
  const refused = (options: SearchOptions, message: RegExp) =>
    assert.throws(() => bestMixture(regressionOf(laws), options), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  refused({ caps: { mail: 0.2 } }, /^There is a cap on "mail", expected one of the sources source 0, /);
  refused({ caps: { "source 0": 1.2 } }, /^The cap on "source 0" is 1.2, expected a share/);
  refused({ floor: 0.3 }, /^The floor is 0.3, expected 0 … 1\/4/);
  refused(
    { caps: { "source 0": 0.05, "source 1": 0.05, "source 2": 0.05 } },
    /no mixture is within the bounds source 0 /,
  );
});

Deno.test("regressionMixture() is a mixture file's content", () => {
  const regression = regressionOf(laws),
    mixture = regressionMixture(regression, bestMixture(regression), "ours");
  assert.equal(mixture.createdFrom, `${regression.form} regression on 24 runs of golden`);
  const sources = mixture.sources.map(({ name, printed }) => ({ name, weight: printed }));
  assertClose(
    parseMixture({ ...mixture, sources }, "ours.json").sources.map(({ weight }) => weight),
    mixture.sources.map(({ weight }) => weight),
    1e-9,
  );
});
