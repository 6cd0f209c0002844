import assert from "node:assert/strict";
import fc from "fast-check";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { countTargets, probeBatches, unigramNegativeLogLikelihood } from "../../lib/shards/probe.ts";
import { concatenated, shardsOf } from "./support.ts";
import { inDirectory } from "../core/temporary.ts";

const texts = ["first text", "second", "third one", "fourth"];

Deno.test("probeBatches() covers the beginning of a set once, in order", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "held-out", texts);
    const stream = concatenated(...texts);
    const batches: TokenBatch[] = probeBatches(shards, { length: 6, maxTokens: 1000, sequencesPerBatch: 4 });
    assert.deepEqual(batches.map(({ sequences }) => sequences), [4, 2]);
    assert.deepEqual(batches.flatMap(({ tokens }) => [...tokens]), stream.slice(0, 36));
    assert.deepEqual(batches.flatMap(({ targets }) => [...targets]), stream.slice(1, 37));
  }));

for (const [maxTokens, sequences] of [[1, 1], [6, 1], [17, 2], [18, 3]] as const) {
  Deno.test(`probeBatches() takes ${sequences} sequences of 6 for at most ${maxTokens} tokens`, () =>
    inDirectory(async (directory) => {
      using shards = await shardsOf(directory, "held-out", texts);
      const batches = probeBatches(shards, { length: 6, maxTokens, sequencesPerBatch: 8 });
      assert.deepEqual(batches.map((batch) => batch.sequences), [sequences]);
    }));
}

Deno.test("probeBatches() refuses a set shorter than one sequence", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "held-out", ["abc"]);
    assert.throws(
      () => probeBatches(shards, { length: 5, maxTokens: 100, sequencesPerBatch: 1 }),
      new UsageError('Held-out source "held-out" has 5 tokens, expected at least 6.'),
    );
  }));

const ids = (...values: number[]) => Uint32Array.from(values);
const batchOf = (targets: number[], weights?: number[]) => ({
  sequences: 1,
  length: targets.length,
  tokens: ids(...targets),
  targets: ids(...targets),
  documents: new Uint32Array(targets.length),
  ...(weights && { weights: Float32Array.from(weights) }),
});

Deno.test("countTargets() counts targets by weight", () => {
  assert.deepEqual([...countTargets([batchOf([0, 2, 2]), batchOf([1, 2], [0, 0.5])], 4)], [1, 0, 2.5, 0]);
});

Deno.test("unigramNegativeLogLikelihood() is the mean of −ln((count + 1) / (Σ + V))", () => {
  const expected = -(Math.log(4 / 8) + Math.log(1 / 8) + 2 * Math.log(3 / 8)) / 4;
  const actual = unigramNegativeLogLikelihood([3, 2, 0], [batchOf([0, 2]), batchOf([1, 1])]);
  assert.ok(Math.abs(actual - expected) < 1e-12);
});

Deno.test("unigramNegativeLogLikelihood() is never below the probe's own entropy", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9), { minLength: 1, maxLength: 50 }),
      fc.array(fc.nat(100), { minLength: 10, maxLength: 10 }),
      (targets, counts) => {
        const own = [...countTargets([batchOf(targets)], 10)].map((count) => count / targets.length);
        const entropy = own.reduce((sum, p) => p > 0 ? sum - p * Math.log(p) : sum, 0);
        assert.ok(unigramNegativeLogLikelihood(counts, [batchOf(targets)]) >= entropy - 1e-12);
      },
    ),
  );
});
