import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  findNearDuplicates,
  NEAR_DUPLICATES,
  NearDuplicateIndex,
} from "../../lib/curation/near_duplicates.ts";
import { shinglesOf } from "../../lib/curation/minhash.ts";
import { documentOf, streamOf, uniqueWords } from "./documents.ts";

/** A copy with its last words replaced: of n shingles, n − k stay, so J = (n − k)/(n + k). */
function edited(words: readonly string[], replaced: number): string {
  return [...words.slice(0, words.length - replaced), ...uniqueWords(1e6, replaced)].join(" ");
}

function jaccard(a: string, b: string): number {
  const [setA, setB] = [new Set(shinglesOf(a, 5)), new Set(shinglesOf(b, 5))];
  return setA.intersection(setB).size / setA.union(setB).size;
}

/** The partition of the texts, whatever their order. */
function partition(texts: readonly string[]): string[] {
  const index = new NearDuplicateIndex();
  for (const text of texts) index.add(text);
  const groups = new Map<number, string[]>();
  index.clusters().forEach((root, i) => groups.set(root, [...groups.get(root) ?? [], texts[i]!]));
  return [...groups.values()].map((group) => group.sort().join("\n")).sort();
}

Deno.test("NearDuplicateIndex finds what its curve promises: planted pairs above the threshold, none far below", () => {
  const trials = 100;
  // Words replaced of 204, the least and the most of 100 pairs that may be found (the curve says 100, 93 and 0).
  for (
    const [replaced, similarity, least, most] of [[10, 0.905, 99, 100], [22, 0.802, 85, 99], [
      86,
      0.4,
      0,
      1,
    ]] as const
  ) {
    const index = new NearDuplicateIndex();
    for (let i = 0; i < trials; i++) {
      const words = uniqueWords(i, 204);
      assert.ok(Math.abs(jaccard(words.join(" "), edited(words, replaced)) - similarity) < 0.01);
      index.add(words.join(" "));
      index.add(edited(words, replaced));
    }
    const roots = index.clusters();
    const found = Array.from({ length: trials }, (_, i) =>
      roots[2 * i] === roots[2 * i + 1]).filter(Boolean).length;
    assert.ok(found >= least && found <= most, `J = ${similarity}: ${found} of ${trials}`);
    assert.ok(new Set(roots).size === 2 * trials - found, "no pair of different origin is joined");
  }
});

Deno.test("NearDuplicateIndex gives the same clusters in any order", () => {
  const texts = Array.from({ length: 60 }, (_, i) => {
    const words = uniqueWords(Math.floor(i / 6), 80);
    return edited(words, 3 * (i % 6));
  });
  const expected = partition(texts);
  assert.ok(expected.length < 40 && expected.length >= 10);
  for (let seed = 0; seed < 5; seed++) assert.deepEqual(partition(Random.of(seed).shuffled(texts)), expected);
});

Deno.test("NearDuplicateIndex joins through a chain", () => {
  const words = uniqueWords(1, 100);
  const shifted = (by: number) => [...words.slice(by), ...uniqueWords(2, by)].join(" ");
  const chain = [0, 8, 16, 24, 32, 40].map(shifted);
  assert.ok(jaccard(chain[0]!, chain[5]!) < 0.5);
  assert.equal(partition(chain).length, 1);
});

Deno.test("NearDuplicateIndex handles many copies, texts without words, short and huge ones", () => {
  const index = new NearDuplicateIndex();
  for (let i = 0; i < 5000; i++) {
    index.add(`The same notice, sent to everyone on the list. ${"!".repeat(i % 7)}`);
  }
  const empty = [index.add(""), index.add("???"), index.add("")];
  const short = [index.add("one two"), index.add("One, two."), index.add("two one")];
  const huge = "many different words make this text long ".repeat(250_000);
  const long = [index.add(huge), index.add(huge + "end")];
  const roots = index.clusters();
  assert.equal(new Set(roots.subarray(0, 5000)).size, 1);
  assert.deepEqual(empty.map((i) => roots[i]), empty);
  assert.deepEqual(short.map((i) => roots[i]), [short[0], short[0], short[2]]);
  assert.deepEqual(long.map((i) => roots[i]), [long[0], long[0]]);
});

Deno.test("NearDuplicateIndex refuses settings out of range", () => {
  assert.throws(() => new NearDuplicateIndex({ ...NEAR_DUPLICATES, rows: 0 }), {
    name: "UsageError",
    message: "rows is 0, expected a whole number above 0.",
  });
  assert.throws(() => new NearDuplicateIndex({ ...NEAR_DUPLICATES, threshold: 1.5 }), {
    name: "UsageError",
    message: /threshold is 1.5/,
  });
  assert.equal(new NearDuplicateIndex().clusters().length, 0);
});

Deno.test("findNearDuplicates() keeps the first, or the one with the highest score", async () => {
  const words = uniqueWords(3, 100);
  const texts = [words.join(" "), uniqueWords(4, 100).join(" "), edited(words, 2)] as const;
  const [first, , last] = texts.map((text) => documentOf(text));
  assert.ok(first !== undefined && last !== undefined);
  assert.deepEqual(await findNearDuplicates(streamOf(texts)), [
    { id: last.id, source: "own", keptId: first.id, keptSource: "own" },
  ]);
  const scored = await findNearDuplicates(
    streamOf(texts),
    NEAR_DUPLICATES,
    ({ id }) => id === last.id ? 1 : 0,
  );
  assert.deepEqual(scored, [{ id: first.id, source: "own", keptId: last.id, keptSource: "own" }]);
});
