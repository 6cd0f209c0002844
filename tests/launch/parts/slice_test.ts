import fc from "fast-check";
import assert from "node:assert/strict";
import { slicesOf, within } from "../../../lib/launch/parts/slice.ts";

Deno.test("slicesOf() gives every document to one rank, in the corpus's order, and all ranks as many, give or take one", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 6 }), fc.integer({ min: 1, max: 12 }), (counts, ranks) => {
      const sources = counts.map((documents, i) => ({ name: `s${i}`, documents }));
      const all = sources.flatMap(({ name, documents }) =>
        Array.from({ length: documents }, (_, i) => `${name} ${i}`)
      );
      const shares = Array.from(
        { length: ranks },
        (_, rank) =>
          slicesOf(sources, rank, ranks).flatMap(({ source, first, end }) => {
            assert.ok(first < end);
            return Array.from({ length: end - first }, (_, i) => `${source} ${first + i}`);
          }),
      );
      assert.deepEqual(shares.flat(), all);
      const sizes = shares.map(({ length }) => length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
  );
});

Deno.test("within() reads no further than the slice", async () => {
  let read = 0;
  async function* numbers() {
    for (let i = 0; i < 10; i++) {
      read++;
      yield await Promise.resolve(i);
    }
  }
  assert.deepEqual(await Array.fromAsync(within(numbers(), { first: 2, end: 5 })), [2, 3, 4]);
  assert.equal(read, 5);
});
