import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { uniformMixture } from "../../../lib/core/mixture.ts";
import { fitRegression } from "../../../lib/mixture/regression/fit.ts";
import { lossAt } from "../../../lib/mixture/regression/loss_model.ts";
import { extrapolationOf, predictLosses, sharesOf } from "../../../lib/mixture/regression/prediction.ts";
import { centred, golden, tableOf } from "./golden.ts";

const regression = fitRegression(tableOf(golden.linear.shares, golden.linear.losses), {
  seed: 1,
  resamples: 50,
});

Deno.test("predictLosses() are the model's, within the interval of the resampled ones", () => {
  const x = centred(golden.linear.shares);
  golden.linear.shares.forEach((weights, i) => {
    const [prediction] = predictLosses(regression, weights), [probe] = regression.probes;
    assert.ok(prediction !== undefined && probe !== undefined);
    assert.ok(Math.abs(prediction.loss - lossAt(probe.model, x[i] as number[])) < 1e-12);
    assert.ok(prediction.low < prediction.high);
  });
});

Deno.test("sharesOf() orders a mixture's shares, and gives none to sources that it lacks", () => {
  assert.deepEqual(sharesOf(regression, uniformMixture(["source 3", "source 1"], "llama3")), [
    0,
    0.5,
    0,
    0.5,
  ]);
});

Deno.test("sharesOf() refuses a source that no run had", () => {
  assert.throws(() => sharesOf(regression, uniformMixture(["source 1", "mail"], "llama3")), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /^The mixture "uniform" has a source "mail" that the runs of golden have not/,
    );
    return true;
  });
});

Deno.test("extrapolationOf() names the shares that no run had, and unseen combinations", () => {
  const regression = fitRegression(tableOf(golden.linear.shares, golden.linear.losses), {
    seed: 1,
    resamples: 5,
  });
  assert.equal(extrapolationOf(regression, regression.centre).warning, null);
  const corner = extrapolationOf(regression, [1, 0, 0, 0]);
  assert.ok(corner.outside.includes("source 0") && corner.distance > 1);
  assert.match(
    corner.warning ?? "",
    /^This is an extrapolation: no run had such a share of source 0.*leverage is/,
  );
  for (const weights of golden.linear.shares) {
    assert.deepEqual(extrapolationOf(regression, weights), {
      ...extrapolationOf(regression, weights),
      outside: [],
      warning: null,
    });
  }
});
