import assert from "node:assert/strict";
import { dropped, randomHalves } from "../../../lib/mixture/validation/selections.ts";

Deno.test("randomHalves() draws different halves, the same ones again for a seed, each candidate about as often", () => {
  const halves = randomHalves(20, 200, 1);
  for (const half of halves) {
    assert.equal(half.length, 10);
    assert.deepEqual(half, [...new Set(half)].sort((a, b) => a - b));
    assert.ok(half.every((x) => x >= 0 && x < 20));
  }
  for (let x = 0; x < 20; x++) {
    const times = halves.filter((half) => half.includes(x)).length;
    // 200 draws of 1/2: a standard deviation is 7.
    assert.ok(times > 65 && times < 135, `${x} in ${times} of 200`);
  }
  assert.deepEqual(randomHalves(20, 200, 1), halves);
  assert.notDeepEqual(randomHalves(20, 200, 2), halves);
  assert.equal(randomHalves(7, 1, 1)[0]?.length, 3);
});

Deno.test("dropped() takes away the highest, the lowest, and as many others", () => {
  const { top, bottom, random } = dropped([5, -1, 3, 4, 0, 2, 9, 1, 8, 7], 0.2, 1);
  assert.deepEqual(top, [0, 1, 2, 3, 4, 5, 7, 9]);
  assert.deepEqual(bottom, [0, 2, 3, 5, 6, 7, 8, 9]);
  assert.equal(new Set(random).size, 8);
  assert.notDeepEqual(
    dropped(new Float64Array(50), 0.5, 1).random,
    dropped(new Float64Array(50), 0.5, 2).random,
  );
});

Deno.test("dropped() drops at least one and leaves at least one", () => {
  assert.deepEqual(dropped([1, 2], 0.01, 1).top, [0]);
  assert.deepEqual(dropped([1, 2], 0.99, 1).bottom, [1]);
});
