import assert from "node:assert/strict";
import fc from "fast-check";
import { spread } from "../../../lib/figures/paper/spread.ts";

Deno.test("spread() keeps the order and the distance, above the limit, and moves nothing that has room", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 12 }),
    (wanted) => {
      const places = spread(wanted, 13, 200);
      const sorted = places.toSorted((a, b) => a - b);
      assert.ok(sorted.every((place) => place <= 200));
      sorted.slice(1).forEach((place, i) => assert.ok(place - (sorted[i] ?? 0) > 13 - 1e-9));
      wanted.forEach((a, i) =>
        wanted.forEach((b, j) => a < b && assert.ok((places[i] ?? 0) < (places[j] ?? 0)))
      );
    },
  ));
  assert.deepEqual(spread([30, 10, 60], 13, 200), [30, 10, 60]);
});
