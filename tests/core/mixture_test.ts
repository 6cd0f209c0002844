import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { parseMixture, uniformMixture } from "../../lib/core/mixture.ts";

/** A mixture file with these weights. */
const file = (...weights: number[]) => ({
  name: "test",
  method: "published",
  sources: weights.map((weight, i) => ({ name: `s${i}`, weight })),
  tokenizer: "llama3",
  proxy: null,
  tokenBudget: 1e9,
  caps: { maxEpochs: 4 },
  createdFrom: "a table",
});

Deno.test("parseMixture() keeps every field", () => {
  const { sources, ...rest } = parseMixture(file(0.25, 0.75), "m.json");
  const { sources: _, ...expected } = file(0.25, 0.75);
  assert.deepEqual(rest, expected);
  assert.deepEqual(sources, [
    { name: "s0", weight: 0.25, printed: 0.25 },
    { name: "s1", weight: 0.75, printed: 0.75 },
  ]);
});

for (const weights of [[33.33, 66.66], [50.01, 50], [0.99, 0], [60, 41], [1, 0.01]]) {
  Deno.test(`parseMixture() normalises weights that sum to ${weights.reduce((a, b) => a + b)} and keeps them as printed`, () => {
    const { sources } = parseMixture(file(...weights), "m.json");
    assert.ok(Math.abs(sources.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-12);
    assert.deepEqual(sources.map(({ printed }) => printed), weights);
  });
}

for (const weights of [[0.5, 0.48], [98, 0.9], [60, 41.1], [0.6, 0.42], [0, 0], [5, 5]]) {
  Deno.test(`parseMixture() refuses weights that sum to ${weights.reduce((a, b) => a + b)}`, () => {
    assert.throws(
      () => parseMixture(file(...weights), "m.json"),
      (error: Error) =>
        error instanceof UsageError &&
        /^m\.json: the weights sum to [0-9.]+, expected 1 or 100 within 1%\.$/.test(error.message),
    );
  });
}

Deno.test("parseMixture() keeps ratios", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (raw) => {
        const sum = raw.reduce((a, b) => a + b, 0);
        const { sources } = parseMixture(file(...raw.map((weight) => 100 * weight / sum)), "m.json");
        sources.forEach(({ weight }, i) => assert.ok(Math.abs(weight - (raw[i] ?? 0) / sum) < 1e-9));
      },
    ),
  );
});

Deno.test("parseMixture() refuses a source that is named twice", () => {
  const twice = {
    ...file(0.5, 0.5),
    sources: [{ name: "code", weight: 0.5 }, { name: "code", weight: 0.5 }],
  };
  assert.throws(() => parseMixture(twice, "m.json"), new UsageError('m.json: source "code" is named twice.'));
});

const { caps: _, ...withoutCaps } = file(1);
const wrong: [string, unknown, RegExp][] = [
  ["no object", 5, /^m\.json: mixture: /],
  ["null", null, /^m\.json: mixture: /],
  ["a missing field", withoutCaps, /^m\.json: caps: /],
  ["an unknown field", { ...file(1), extra: 1 }, /^m\.json: mixture: .*extra/],
  ["no sources", { ...file(), sources: [] }, /^m\.json: sources: /],
  ["a negative weight", file(-0.5, 1.5), /^m\.json: sources\.0\.weight: /],
  [
    "a weight that is text",
    { ...file(1), sources: [{ name: "a", weight: "1" }] },
    /^m\.json: sources\.0\.weight: /,
  ],
  ["an infinite weight", file(Infinity), /^m\.json: sources\.0\.weight: /],
  ["a cap of no epochs", { ...file(1), caps: { maxEpochs: 0 } }, /^m\.json: caps\.maxEpochs: /],
];
for (const [what, value, message] of wrong) {
  Deno.test(`parseMixture() refuses ${what}`, () => {
    assert.throws(
      () => parseMixture(value, "m.json"),
      (error: Error) =>
        error instanceof UsageError && message.test(error.message) && !error.message.includes("\n"),
    );
  });
}

Deno.test("uniformMixture() gives every source the same share", () => {
  const { sources, tokenizer } = uniformMixture(["a", "b", "c", "d"], "llama3-4096");
  assert.deepEqual(sources.map(({ weight }) => weight), [0.25, 0.25, 0.25, 0.25]);
  assert.equal(tokenizer, "llama3-4096");
});
