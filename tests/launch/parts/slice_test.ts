import fc from "fast-check";
import assert from "node:assert/strict";
import { batchesOf, filesOf, slicesOf, within } from "../../../lib/launch/parts/slice.ts";

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

Deno.test("batchesOf() gives every document to one rank, and cuts between batches alone", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40), { maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 7 }),
      (counts, size, ranks) => {
        const sources = counts.map((documents, i) => ({ name: `s${i}`, documents }));
        const slices = Array.from({ length: ranks }, (_, rank) => batchesOf(sources, size, rank, ranks))
          .flat();
        for (const { name, documents } of sources) {
          let end = 0;
          for (const slice of slices.filter(({ source }) => source === name)) {
            assert.ok(slice.first === end && slice.first % size === 0);
            end = slice.end;
          }
          assert.equal(end, documents);
        }
      },
    ),
  );
});

Deno.test("filesOf() gives every file to one rank, in their order, and no rank more than its share and a file", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(1000), { maxLength: 8 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (sizes, ranks) => {
        const sources = sizes.map((bytes) => ({ files: bytes.map((bytes) => ({ bytes })) }));
        const all = sources.flatMap(({ files }) => files);
        const shares = Array.from(
          { length: ranks },
          (_, rank) => filesOf(sources, rank, ranks).map(({ file }) => file),
        );
        assert.deepEqual(shares.flat(), all);
        const sum = (files: readonly { bytes: number }[]) =>
          files.reduce((total, { bytes }) => total + bytes, 0);
        const largest = Math.max(0, ...all.map(({ bytes }) => bytes));
        for (const share of shares) assert.ok(sum(share) <= sum(all) / ranks + largest + 1e-6);
      },
    ),
  );
});
