import assert from "node:assert/strict";
import fc from "fast-check";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { parseMixture } from "../../lib/core/mixture.ts";
import {
  type Candidate,
  describeAdjustments,
  influenceMixture,
  influenceWeights,
} from "../../lib/mixture/weights.ts";

/** Candidates of up to 4 sources with their scores. */
const scored = fc.array(
  fc.record({
    source: fc.constantFrom("code", "math", "web", "mail"),
    tokens: fc.integer({ min: 1, max: 1000 }),
    score: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 30 },
);

Deno.test("influenceWeights() are shares of the token-weighted mean scores, where those are positive", () => {
  fc.assert(fc.property(scored, (candidates) => {
    const density = (source: string) => {
      const own = candidates.filter((candidate) => candidate.source === source);
      return own.reduce((sum, { score, tokens }) => sum + score * tokens, 0) /
        own.reduce((sum, { tokens }) => sum + tokens, 0);
    };
    const names = [...new Set(candidates.map(({ source }) => source))];
    const total = names.reduce((sum, name) => sum + Math.max(0, density(name)), 0);
    fc.pre(total > 1e-9);
    const sources = influenceWeights(candidates, candidates.map(({ score }) => score), 0);
    assert.deepEqual(sources.map(({ source }) => source), names);
    for (const { source, weight, clipped, floored } of sources) {
      assert.ok(Math.abs(weight - Math.max(0, density(source)) / total) < 1e-9);
      assert.equal(clipped, density(source) < 0);
      assert.equal(floored, false);
    }
  }));
});

Deno.test("influenceWeights() sum to 1, are no less than the floor, and above it keep their proportions", () => {
  fc.assert(fc.property(scored, fc.double({ min: 0, max: 0.25, noNaN: true }), (candidates, floor) => {
    const scores = candidates.map(({ score }) => score);
    let sources;
    try {
      sources = influenceWeights(candidates, scores, floor);
    } catch (error) {
      assert.ok(error instanceof RunError);
      return;
    }
    assert.ok(Math.abs(sources.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-12);
    assert.ok(sources.every(({ weight }) => weight >= floor));
    const free = sources.filter(({ floored }) => !floored);
    for (const a of free) {
      for (const b of free) {
        assert.ok(Math.abs(a.weight * Math.max(0, b.density) - b.weight * Math.max(0, a.density)) < 1e-12);
      }
    }
  }));
});

Deno.test("influenceWeights() do not change where a candidate is cut in two", () => {
  const whole: Candidate[] = [{ source: "code", tokens: 12 }, { source: "web", tokens: 7 }];
  const cut: Candidate[] = [{ source: "code", tokens: 4 }, { source: "code", tokens: 8 }, {
    source: "web",
    tokens: 7,
  }];
  const weights = (candidates: Candidate[], scores: number[]) =>
    influenceWeights(candidates, scores, 0).map(({ weight }) => weight);
  assert.deepEqual(weights(cut, [0.5, 0.5, 0.25]), weights(whole, [0.5, 0.25]));
});

Deno.test("influenceWeights() refuse what no weights follow from", () => {
  const one: Candidate[] = [{ source: "code", tokens: 3 }, { source: "web", tokens: 2 }];
  assert.throws(() => influenceWeights(one, [-1, -2], 0), (error) => {
    assert.ok(error instanceof RunError);
    assert.equal(
      error.message,
      'Influence weights: no source has a density above 0 (the largest is -1, of "code"), so no weights follow.',
    );
    return true;
  });
  assert.throws(() => influenceWeights(one, [1, NaN], 0), /the score of candidate 1 of "web" is NaN/);
  assert.throws(() => influenceWeights([], [], 0), /there are no candidates/);
  assert.throws(() => influenceWeights(one, [1], 0), /there are 1 scores, expected one for each of 2/);
  assert.throws(() => influenceWeights([{ source: "code", tokens: 0 }], [1], 0), /has 0 tokens/);
  for (const floor of [-0.1, 0.6, NaN]) {
    assert.throws(() => influenceWeights(one, [1, 1], floor), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Influence weights: floor is .+, expected 0 … 1\/2 for 2 sources\.$/);
      return true;
    });
  }
});

Deno.test("describeAdjustments() says nothing where nothing was adjusted", () => {
  assert.equal(describeAdjustments(influenceWeights([{ source: "code", tokens: 1 }], [2], 0.5)), undefined);
});

Deno.test("influenceMixture() is a mixture file's content", () => {
  const sources = influenceWeights([{ source: "code", tokens: 1 }, { source: "web", tokens: 1 }], [3, 1], 0);
  const mixture = influenceMixture(sources, {
    name: "ours",
    tokenizer: "llama-3 first 4096",
    proxy: "2 layers of 64",
    tokenBudget: 250_000,
    caps: { maxEpochs: 4 },
    createdFrom: "runs/demo",
  });
  assert.equal(mixture.method, "influence");
  const file = {
    ...mixture,
    sources: mixture.sources.map(({ name, printed }) => ({ name, weight: printed })),
  };
  assert.deepEqual(parseMixture(JSON.parse(JSON.stringify(file)), "ours.json"), mixture);
});
