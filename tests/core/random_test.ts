import assert from "node:assert/strict";
import fc from "fast-check";
import { philox, Random } from "../../lib/core/random.ts";

type Words = [number, number, number, number];

// Known answers of Random123's philox4x32-10: counter, key, result.
const KNOWN: [Words, [number, number], Words][] = [
  [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

/** The definition, in whole numbers of any size. */
function philoxByDefinition(counter: Words, key: [number, number]): Words {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const a = 0xd2511f53n * c0, b = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, b & 0xffffffffn, (a >> 32n) ^ c3 ^ k1, a & 0xffffffffn];
    k0 = (k0 + 0x9e3779b9n) & 0xffffffffn;
    k1 = (k1 + 0xbb67ae85n) & 0xffffffffn;
  }
  return [c0, c1, c2, c3].map(Number) as Words;
}

for (const [counter, key, expected] of KNOWN) {
  Deno.test(`philox() gives the published answer for counter ${counter[0]}, key ${key[0]}`, () => {
    assert.deepEqual(philox(counter, key), expected);
  });
}

Deno.test("philox() equals its definition for any counter and key", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
    assert.deepEqual(philox(counter, key), philoxByDefinition(counter, key));
  }));
});

Deno.test("uint32() is a pure function of (seed, path, index)", () => {
  const forwards = Array.from({ length: 100 }, (_, i) => Random.of(5, "a", 1).uint32(i));
  const stream = Random.of(5, "a", 1);
  for (let i = 99; i >= 0; i--) assert.equal(stream.uint32(i), forwards[i]);
});

Deno.test("uint32() tells indices beyond 2^32 apart", () => {
  const stream = Random.of(1, "large");
  assert.equal(new Set([0, 2 ** 32, 2 ** 33, 2 ** 52].map((index) => stream.uint32(index))).size, 4);
});

Deno.test("of() gives every seed and path a stream of its own", () => {
  const paths: (string | number)[][] = [[], ["a"], ["b"], ["a", "b"], ["a,b"], ["ab"], ["a", 1], ["a", "1"], [
    "",
  ], ["", ""]];
  const streams = [0, 1, -1, 2 ** 32, 0.5].flatMap((seed) => paths.map((path) => Random.of(seed, ...path)));
  assert.equal(
    new Set(streams.map((stream) => `${stream.uint32(0)} ${stream.uint32(1)}`)).size,
    streams.length,
  );
});

Deno.test("uniform() lies in [0, 1) and fills 64 bins evenly", () => {
  const stream = Random.of(7, "uniform");
  const bins = new Array<number>(64).fill(0);
  for (let i = 0; i < 64_000; i++) {
    const value = stream.uniform(i);
    assert.ok(value >= 0 && value < 1);
    const bin = Math.floor(value * 64);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  // χ² with 63 degrees of freedom: mean 63, standard deviation 11.2.
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquare > 63 - 4 * 11.2 && chiSquare < 63 + 5 * 11.2, String(chiSquare));
});

Deno.test("uniform() of neighbours, in index and in seed, is uncorrelated", () => {
  const n = 20_000;
  const correlation = (x: (i: number) => number, y: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (x(i) - 0.5) * (y(i) - 0.5);
    return 12 * sum / n;
  };
  const a = Random.of(1, "x"), b = Random.of(2, "x");
  // Five standard deviations, 1/√n each.
  const limit = 5 / Math.sqrt(n);
  assert.ok(Math.abs(correlation((i) => a.uniform(i), (i) => a.uniform(i + 1))) < limit);
  assert.ok(Math.abs(correlation((i) => a.uniform(i), (i) => b.uniform(i))) < limit);
});

Deno.test("below() gives every number below its bound and no other", () => {
  const stream = Random.of(3, "below");
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 7000; i++) {
    const value = stream.below(i, 7);
    counts[value] = (counts[value] ?? NaN) + 1;
  }
  assert.equal(Object.keys(counts).length, 7);
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(1000), String(counts));
});

Deno.test("normal() has the moments of the standard normal", () => {
  const stream = Random.of(11, "normal");
  const n = 50_000;
  const moments = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const value = stream.normal(i);
    assert.ok(Number.isFinite(value));
    for (let k = 0; k < 4; k++) moments[k] = (moments[k] ?? 0) + value ** (k + 1) / n;
  }
  // Variances of xᵏ: 1, 2, 15, 96.
  [[0, 1], [1, 2], [0, 15], [3, 96]].forEach(([expected = 0, variance = 0], k) =>
    assert.ok(
      Math.abs((moments[k] ?? 0) - expected) < 5 * Math.sqrt(variance / n),
      `moment ${k + 1}: ${moments[k]}`,
    )
  );
});

Deno.test("shuffled() reorders without loss and leaves its argument alone", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
    const before = [...items];
    const result = Random.of(seed, "shuffle").shuffled(items);
    assert.deepEqual(items, before);
    assert.deepEqual(result.toSorted((a, b) => a - b), items.toSorted((a, b) => a - b));
  }));
});

Deno.test("shuffled() gives all orders of three about equally often", () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed++) {
    const order = Random.of(seed, "orders").shuffled(["a", "b", "c"]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) {
    assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(1000), `${[...counts]}`);
  }
});
