import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { isHeldOut } from "../../lib/shards/split.ts";

const ids = Array.from({ length: 10_000 }, (_, i) => `document ${i}`);

Deno.test("isHeldOut() holds out the share", () => {
  for (const share of [0.01, 0.1, 0.5]) {
    const held = ids.filter((id) => isHeldOut(id, share)).length;
    // Five standard deviations of a binomial count.
    assert.ok(Math.abs(held - share * ids.length) < 5 * Math.sqrt(ids.length * share * (1 - share)));
  }
});

Deno.test("isHeldOut() never changes its mind", () => {
  assert.deepEqual(ids.slice(0, 100).filter((id) => isHeldOut(id, 0.05)), [
    "document 20",
    "document 49",
    "document 63",
    "document 88",
  ]);
});

Deno.test("isHeldOut() with a larger share holds out a superset", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (id, a, b) => {
        assert.ok(!isHeldOut(id, Math.min(a, b)) || isHeldOut(id, Math.max(a, b)));
        assert.deepEqual([isHeldOut(id, 0), isHeldOut(id, 1)], [false, true]);
      },
    ),
  );
});

for (const share of [-0.1, 1.1, NaN]) {
  Deno.test(`isHeldOut() refuses the share ${share}`, () => {
    assert.throws(() => isHeldOut("id", share), new UsageError(`Held-out share is ${share}, expected 0…1.`));
  });
}
