import assert from "node:assert/strict";
import fc from "fast-check";
import { standardDeviation } from "../../../lib/core/statistics.ts";
import {
  fitForm,
  fitWithGap,
  gradientScale,
  lossAt,
  penalisedError,
} from "../../../lib/mixture/regression/loss_model.ts";
import { assertClose, centred, golden } from "./golden.ts";

Deno.test("fitForm() of the linear form equals scikit-learn's ridge regression", () => {
  const observations = { x: centred(golden.linear.shares), y: golden.linear.losses };
  for (const { penalty, level, slopes } of golden.linear.fits) {
    const model = fitForm("linear", observations, penalty);
    assertClose([model.level, ...model.slopes], [level, ...slopes], 1e-9);
    assert.equal(model.gap, null);
  }
});

Deno.test("fitWithGap() equals SciPy's least squares", () => {
  const observations = { x: centred(golden.logLinear.shares), y: golden.logLinear.losses };
  for (const { penalty, gap, level, slopes, error } of golden.logLinear.fits) {
    const model = fitWithGap(observations, gap, penalty);
    assertClose([model.level, ...model.slopes], [level, ...slopes], 1e-6);
    assertClose([penalisedError(model, observations, penalty)], [error], 1e-9);
  }
});

Deno.test("fitForm() of the log-linear form finds the gap that SciPy's least squares finds", () => {
  const observations = { x: centred(golden.logLinear.shares), y: golden.logLinear.losses };
  // Every third one is fitted with the gap free.
  for (const { penalty, gap, error } of golden.logLinear.fits.filter((_, i) => i % 3 === 2)) {
    const model = fitForm("log-linear", observations, penalty);
    assertClose([Math.log(model.gap ?? NaN)], [Math.log(gap)], 1e-3);
    assertClose([penalisedError(model, observations, penalty)], [error], 1e-8);
  }
});

Deno.test("fitForm() recovers a law of exponentials from losses without noise", () => {
  const x = centred(golden.logLinear.shares),
    slopes = [-2, 0.5, 0.7, 0.8],
    truth = { level: 3, slopes, gap: 1.25 };
  const model = fitForm("log-linear", { x, y: x.map((row) => lossAt(truth, row)) }, 1e-9);
  assertClose([model.level, model.gap ?? NaN, ...model.slopes], [3, 1.25, ...slopes], 2e-4);
});

Deno.test("fitForm() of equal losses is flat", () => {
  const model = fitForm("log-linear", {
    x: centred(golden.linear.shares),
    y: golden.linear.losses.map(() => 2),
  }, 1);
  assertClose([model.level, ...model.slopes], [2, 0, 0, 0, 0], 1e-12);
});

Deno.test("gradientScale() times the slopes is the loss's gradient", () => {
  for (const gap of [null, 0.7]) {
    const model = { level: 2, slopes: [-1.5, 0.5], gap }, x = [0.2, -0.3], step = 1e-6;
    const difference = (lossAt(model, [0.2 + step, -0.3]) - lossAt(model, [0.2 - step, -0.3])) / (2 * step);
    assertClose([gradientScale(model, x) * -1.5], [difference], 1e-8);
  }
});

Deno.test("fitForm() of the log-linear form fits a law better than a plane does, however steep it is", () => {
  const x = centred(golden.logLinear.shares);
  const slopes = fc.array(fc.double({ min: -12, max: 12, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(slopes, fc.constantFrom(1e-6, 1e-2, 10), (slopes, penalty) => {
      const observations = { x, y: x.map((row) => lossAt({ level: 3, slopes, gap: 1 }, row)) };
      // Flatter ones are planes, for which the gap would be beyond those that are searched.
      fc.pre(standardDeviation(observations.y) > 0.05);
      const error = (form: "linear" | "log-linear") =>
        penalisedError(fitForm(form, observations, penalty), observations, penalty);
      assert.ok(error("log-linear") <= 1.001 * error("linear") + 1e-12);
    }),
    { numRuns: 40 },
  );
});
