import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { allocate } from "../../lib/shards/allocation.ts";

const free = (...weights: number[]) =>
  weights.map((weight, i) => ({ name: `s${i}`, weight, capacity: Infinity }));
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

Deno.test("allocate() rounds by largest remainder, the first of equals first", () => {
  assert.deepEqual(allocate(10, free(0.5, 0.3, 0.2)), [5, 3, 2]);
  assert.deepEqual(allocate(10, free(1, 1, 1)), [4, 3, 3]);
  assert.deepEqual(allocate(1, free(0.4, 0.35, 0.25)), [1, 0, 0]);
  assert.deepEqual(allocate(7, free(0.46, 0.3, 0.24)), [3, 2, 2]);
});

Deno.test("allocate() gives what exceeds a capacity to the others by weight", () => {
  const shares = [
    { name: "a", weight: 0.6, capacity: 10 },
    { name: "b", weight: 0.3, capacity: Infinity },
    { name: "c", weight: 0.1, capacity: Infinity },
  ];
  assert.deepEqual(allocate(50, shares), [10, 30, 10]);
});

Deno.test("allocate() fills one source after another where the redistribution overflows", () => {
  const shares = [
    { name: "a", weight: 0.6, capacity: 10 },
    { name: "b", weight: 0.3, capacity: 25 },
    { name: "c", weight: 0.1, capacity: Infinity },
  ];
  assert.deepEqual(allocate(50, shares), [10, 25, 15]);
  assert.deepEqual(allocate(35, [...shares.slice(0, 2), { name: "c", weight: 0.1, capacity: 0 }]), [
    10,
    25,
    0,
  ]);
});

Deno.test("allocate() gives nothing to a source without weight", () => {
  assert.deepEqual(allocate(3, free(0, 1)), [0, 3]);
  assert.throws(() => allocate(3, [{ name: "a", weight: 0, capacity: 5 }]), UsageError);
});

Deno.test("allocate() says how much there is where it is too little", () => {
  assert.throws(
    () => allocate(50, [{ name: "a", weight: 0.9, capacity: 10 }, { name: "b", weight: 0.1, capacity: 25 }]),
    new UsageError(
      "The mixture needs 50 sequences, its sources have 35 (a 10, b 25): train on fewer tokens, or allow more epochs.",
    ),
  );
});

Deno.test("allocate() sums exactly, respects capacities, and stays within one of the weights", () => {
  const share = fc.record({
    name: fc.constant("s"),
    weight: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    capacity: fc.oneof(fc.nat(1000), fc.constant(Infinity)),
  });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 20 }), fc.nat(10_000), (shares, wanted) => {
      const total = Math.min(wanted, sum(shares.map(({ capacity }) => capacity)));
      const counts = allocate(total, shares);
      assert.equal(sum(counts), total);
      counts.forEach((count, i) => assert.ok(count >= 0 && count <= (shares[i]?.capacity ?? 0)));
      // Those below their capacity share by weight: count / weight is one ratio, up to the rounding of each.
      const below = counts.map((count, i) => ({
        count,
        weight: shares[i]?.weight ?? 0,
        full: count === shares[i]?.capacity,
      }))
        .filter(({ full }) => !full);
      const left = sum(below.map(({ count }) => count)), weight = sum(below.map((s) => s.weight));
      for (const s of below) assert.ok(Math.abs(s.count - s.weight / weight * left) < 1 + below.length);
    }),
    { numRuns: 500 },
  );
});

Deno.test("allocate() without capacities is within one of weight times total", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
      fc.nat(100_000),
      (weights, total) => {
        const counts = allocate(total, free(...weights));
        assert.equal(sum(counts), total);
        weights.forEach((w, i) =>
          assert.ok(Math.abs((counts[i] ?? 0) - w / sum(weights) * total) < 1 + 1e-6)
        );
      },
    ),
  );
});
