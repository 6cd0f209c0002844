import assert from "node:assert/strict";
import fc from "fast-check";
import { Permutation } from "../../lib/core/permutation.ts";
import { Random } from "../../lib/core/random.ts";

const all = (permutation: Permutation) =>
  Array.from({ length: permutation.size }, (_, i) => permutation.at(i));

Deno.test("at() is a bijection for any size and seed", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), (size, seed) => {
    const values = all(new Permutation(size, Random.of(seed, "order")));
    assert.equal(new Set(values).size, size);
    assert.ok(values.every((value) => Number.isInteger(value) && value >= 0 && value < size));
  }));
});

Deno.test("at() depends on the stream and the index alone", () => {
  const order = () => new Permutation(1000, Random.of(1, "order"));
  const forwards = all(order());
  const backwards = order();
  for (let i = 999; i >= 0; i--) assert.equal(backwards.at(i), forwards[i]);
  assert.notDeepEqual(all(new Permutation(1000, Random.of(2, "order"))), forwards);
});

Deno.test("at() sends each index everywhere about equally often", () => {
  const size = 7, seeds = 7000;
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let seed = 0; seed < seeds; seed++) {
    all(new Permutation(size, Random.of(seed, "order"))).forEach((to, from) => {
      const row = counts[from] ?? [];
      row[to] = (row[to] ?? 0) + 1;
    });
  }
  // Each count is near seeds / size; six standard deviations, for 49 of them.
  for (const row of counts) {
    for (const count of row) assert.ok(Math.abs(count - 1000) < 6 * Math.sqrt(1000), JSON.stringify(counts));
  }
});

Deno.test("at() separates neighbours", () => {
  const values = all(new Permutation(10_000, Random.of(1, "order")));
  const adjacent = values.slice(1).filter((value, i) => Math.abs(value - (values[i] ?? 0)) === 1).length;
  // About 2 of 10,000 by chance.
  assert.ok(adjacent < 15, String(adjacent));
});

Deno.test("at() works at the largest size", () => {
  const order = new Permutation(2 ** 52, Random.of(1, "order"));
  const values = [0, 1, 2 ** 52 - 1].map((index) => order.at(index));
  assert.equal(new Set(values).size, 3);
  assert.ok(values.every((value) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** 52));
});

for (const size of [0, -1, 1.5, NaN, 2 ** 52 + 2]) {
  Deno.test(`Permutation refuses size ${size}`, () => {
    assert.throws(
      () => new Permutation(size, Random.of(1)),
      new RangeError(`Permutation: size is ${size}, expected a whole number in 1 … 2^52.`),
    );
  });
}

for (const index of [-1, 5, NaN]) {
  Deno.test(`at() refuses index ${index} of 5`, () => {
    assert.throws(
      () => new Permutation(5, Random.of(1)).at(index),
      new RangeError(`Permutation: index is ${index}, expected 0 … 4.`),
    );
  });
}
