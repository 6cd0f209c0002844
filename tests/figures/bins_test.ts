import assert from "node:assert/strict";
import fc from "fast-check";
import { binned } from "../../lib/figures/bins.ts";

Deno.test("binned() leaves a short curve as it is", () => {
  const curve = [{ tokens: 10, value: 3 }, { tokens: 20, value: 2 }];
  assert.deepEqual(binned(curve, 80), [
    { tokens: 10, mean: 3, low: 3, high: 3 },
    { tokens: 20, mean: 2, low: 2, high: 2 },
  ]);
});

Deno.test("binned() leaves out what is not finite", () => {
  assert.deepEqual(binned([{ tokens: 1, value: NaN }, { tokens: 2, value: Infinity }], 4), []);
});

Deno.test("binned() keeps the end, the extremes and the order of a long curve", () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 300 });
  fc.assert(fc.property(values, fc.integer({ min: 1, max: 40 }), (values, count) => {
    const bins = binned(values.map((value, i) => ({ tokens: i + 1, value })), count);
    assert.equal(bins.length, Math.min(count, values.length));
    assert.equal(bins.at(-1)?.tokens, values.length);
    assert.equal(Math.min(...bins.map(({ low }) => low)), Math.min(...values));
    assert.equal(Math.max(...bins.map(({ high }) => high)), Math.max(...values));
    assert.deepEqual(
      bins.map(({ tokens }) => tokens),
      bins.map(({ tokens }) => tokens).toSorted((a, b) => a - b),
    );
    for (const { low, mean, high } of bins) assert.ok(low - 1e-6 <= mean && mean <= high + 1e-6);
  }));
});
