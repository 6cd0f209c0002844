import assert from "node:assert/strict";
import fc from "fast-check";
import { absolutePenalty, crossValidate, foldsOf } from "../../../lib/mixture/regression/cross_validation.ts";
import { assertClose, centred, golden } from "./golden.ts";

Deno.test("crossValidate() leaving one run out equals scikit-learn's ridge regressions", () => {
  const { shares, losses, best } = golden.leaveOneOut;
  const folds = foldsOf(shares.map((_, run) => run), shares.length, 3);
  const { penalty, rootMeanSquareError, rSquared, spearman } = crossValidate("linear", {
    x: centred(shares),
    y: losses,
  }, folds);
  assert.equal(penalty, best.penalty);
  assertClose([rootMeanSquareError, rSquared ?? NaN, spearman ?? NaN], [
    best.rootMeanSquareError,
    best.rSquared,
    best.spearman,
  ], 1e-6);
});

Deno.test("crossValidate() says null where losses are equal", () => {
  const { shares } = golden.leaveOneOut;
  const folds = foldsOf(shares.map((_, run) => run), 3, 1);
  const { rSquared, spearman, rootMeanSquareError } = crossValidate("log-linear", {
    x: centred(shares),
    y: shares.map(() => 1.5),
  }, folds);
  assert.deepEqual([rSquared, spearman], [null, null]);
  assertClose([rootMeanSquareError], [0], 1e-12);
});

Deno.test("foldsOf() puts every run in one fold, runs of one mixture together", () => {
  const cases = fc.record({
    seeds: fc.integer({ min: 1, max: 3 }),
    mixtures: fc.integer({ min: 3, max: 12 }),
    folds: fc.integer({ min: 2, max: 3 }),
  });
  fc.assert(fc.property(cases, ({ seeds, mixtures, folds }) => {
    const mixtureOf = Array.from({ length: seeds * mixtures }, (_, run) => run % mixtures);
    const result = foldsOf(mixtureOf, folds, 5);
    assert.deepEqual(result.flat().sort((a, b) => a - b), [...mixtureOf.keys()]);
    for (let mixture = 0; mixture < mixtures; mixture++) {
      assert.equal(result.filter((fold) => fold.some((run) => mixtureOf[run] === mixture)).length, 1);
    }
    assert.ok(result.every((fold) => fold.length > 0));
  }));
});

Deno.test("absolutePenalty() does not depend on the unit of shares alone: it grows with their variance and number", () => {
  assert.equal(absolutePenalty(0.1, [[0.5, -0.5], [-0.5, 0.5]]), 0.1);
  assert.equal(absolutePenalty(0.1, [[1, -1], [-1, 1]]), 0.4);
});
