import assert from "node:assert/strict";
import fc from "fast-check";
import { histogram } from "../../lib/figures/histogram.ts";

Deno.test("histogram() counts every value once, outliers at the ends", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }),
    fc.integer({ min: 1, max: 50 }),
    (values, bins) => {
      const counted = histogram(values, [-1, 2], bins);
      assert.equal(counted.length, bins);
      assert.ok(Math.abs(counted.reduce((sum, { percent }) => sum + percent, 0) - 100) < 1e-6);
      assert.equal(counted[0]?.from, -1);
      assert.equal(counted.at(-1)?.to, 2);
    },
  ));
});
