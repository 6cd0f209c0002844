import assert from "node:assert/strict";
import fc from "fast-check";
import { hashRuns, hashWords, mix, RUN_FACTORS } from "../../lib/curation/words.ts";

Deno.test("hashWords() ignores case, punctuation, line breaks and compatibility forms", () => {
  const expected = hashWords("the file is 12 km long");
  assert.equal(expected.length, 6);
  for (const text of ["The FILE is\n12 km — long!", "  the ﬁle (is) ¹² ㎞ long"]) {
    assert.deepEqual(hashWords(text), expected, text);
  }
  assert.notDeepEqual(hashWords("the file is 13 km long"), expected);
});

Deno.test("hashWords() counts words as a reader does", () => {
  const counts: [string, number][] = [
    ["", 0],
    ["… !?", 0],
    ["don't", 2],
    ["x_1 = y", 3],
    ["素数とは", 4],
    ["素数 prime 数", 4],
    ["Größe überprüfen", 2],
    ["\ud800", 1],
    ["a\udfff b", 2],
  ];
  for (const [text, count] of counts) assert.equal(hashWords(text).length, count, text);
});

Deno.test("hashWords() takes a text of ten million characters", () => {
  assert.equal(hashWords("word ".repeat(2_000_000)).length, 2_000_000);
  assert.equal(hashWords("a".repeat(10_000_000)).length, 1);
  assert.equal(hashWords("数".repeat(1_000_000)).length, 1_000_000);
});

Deno.test("hashWords() gives different words different hashes", () => {
  const words = Array.from({ length: 50_000 }, (_, i) => i.toString(36));
  // 50,000 words share 32 bits 0.3 times on average.
  assert.ok(new Set(hashWords(words.join(" "))).size >= words.length - 5);
});

Deno.test("mix() is a permutation that moves half of the bits", () => {
  const seen = new Set(Array.from({ length: 1 << 16 }, (_, i) => mix(i)));
  assert.equal(seen.size, 1 << 16);
  let bits = 0;
  for (let i = 0; i < 1000; i++) {
    for (let bit = 0; bit < 32; bit++) {
      bits += (mix(i) ^ mix(i ^ (1 << bit))).toString(2).replace("-", "").replaceAll("0", "").length;
    }
  }
  assert.ok(Math.abs(bits / 32000 - 16) < 1.5, `${bits / 32000}`);
});

Deno.test("hashRuns() hashes each run by its words alone", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 0xffffffff }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      (list, length) => {
        const words = Uint32Array.from(list);
        for (const factor of RUN_FACTORS) {
          const runs = hashRuns(words, length, factor);
          assert.equal(runs.length, Math.max(0, words.length - length + 1));
          runs.forEach((run, i) => {
            assert.deepEqual([...hashRuns(words.slice(i, i + length), length, factor)], [run]);
          });
        }
      },
    ),
  );
});

Deno.test("hashRuns() tells orders apart", () => {
  const [forth] = hashRuns(Uint32Array.of(1, 2, 3), 3, RUN_FACTORS[0]);
  const [back] = hashRuns(Uint32Array.of(3, 2, 1), 3, RUN_FACTORS[0]);
  assert.notEqual(forth, back);
});
