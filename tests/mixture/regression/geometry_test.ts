import assert from "node:assert/strict";
import { geometryOf, leverageOf } from "../../../lib/mixture/regression/geometry.ts";
import { assertClose, centred, golden } from "./golden.ts";

const x = centred(golden.linear.shares);

Deno.test("geometryOf() has NumPy's condition number and largest leverage", () => {
  const { conditionNumber, largestLeverage } = geometryOf(x);
  assertClose([conditionNumber ?? NaN], [golden.linear.conditionNumber], 1e-9);
  assertClose([largestLeverage], [golden.linear.largestLeverage], 1e-6);
});

Deno.test("leverageOf() sums to the number of parameters: a level, and slopes in the plane of shares", () => {
  const { inverseGram } = geometryOf(x);
  const sum = x.reduce((total, row) => total + leverageOf(row, inverseGram, x.length), 0);
  assertClose([sum], [golden.linear.shares[0]?.length ?? NaN], 1e-6);
});

Deno.test("geometryOf() of runs that leave a direction out has no condition number, and sees what goes there", () => {
  const plane = [[0.1, -0.1, 0], [-0.1, 0.1, 0], [0.2, -0.2, 0], [-0.2, 0.2, 0]];
  const { conditionNumber, inverseGram, largestLeverage } = geometryOf(plane);
  assert.equal(conditionNumber, null);
  assert.ok(leverageOf([0.15, -0.15, 0], inverseGram, 4) < largestLeverage);
  assert.ok(leverageOf([0.01, 0, -0.01], inverseGram, 4) > 1000 * largestLeverage);
});
