import assert from "node:assert/strict";
import fc from "fast-check";
import { scoresOf } from "../../lib/eval/scores.ts";
import { Random } from "../../lib/core/random.ts";
import { standardDeviation } from "../../lib/core/statistics.ts";
import type { Sample } from "../../lib/eval/protocol.ts";

function samplesOf(values: readonly (readonly number[])[], metric = "acc"): Sample[] {
  return values.flatMap((cluster, id) =>
    cluster.map((value, sample) => ({
      id: String(id),
      sample,
      responses: [],
      filtered: null,
      metrics: { [metric]: value },
    }))
  );
}

Deno.test("scoresOf() has lm-eval's mean and standard error", () => {
  const [score] = scoresOf(samplesOf([[1], [0], [1], [1]]), ["acc"], 1);
  assert.equal(score?.value, 0.75);
  // s / √n with s² = (3·0.25² + 0.75²)/3.
  assert.ok(Math.abs((score?.standardError ?? NaN) - Math.sqrt(0.75 / 3 / 4)) < 1e-15);
  assert.ok(score?.low !== null && score?.high !== null && score !== undefined);
  assert.ok(score.low <= 0.75 && 0.75 <= score.high);
});

Deno.test("scoresOf() gives pass@k for powers of two up to the number of answers", () => {
  const scores = scoresOf(samplesOf([[1, 0, 0, 1], [0, 0, 0, 0]]), ["acc"], 1);
  assert.deepEqual(scores.map(({ metric, value }) => [metric, Number(value.toFixed(12))]), [
    ["acc", 0.25],
    ["pass@2", 0.416666666667],
    ["pass@4", 0.5],
  ]);
});

Deno.test("scoresOf() weights perplexity by tokens", () => {
  const samples = samplesOf([[0], [0]]).map((sample, i) => ({
    ...sample,
    metrics: i === 0 ? { nll: 2, tokens: 1 } : { nll: 4, tokens: 3 },
  }));
  assert.equal(scoresOf(samples, ["perplexity"], 1)[0]?.value, Math.exp(6 / 4));
});

Deno.test("scoresOf() has no error of one question", () => {
  const [score] = scoresOf(samplesOf([[1]]), ["acc"], 1);
  assert.deepEqual([score?.standardError, score?.low, score?.high], [null, null, null]);
});

Deno.test("scoresOf() has the error of clusters: answers that always agree are worth one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 2, maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      (values, size) => {
        const error = (repeats: number) =>
          scoresOf(samplesOf(values.map((value) => new Array<number>(repeats).fill(value))), ["acc"], 1)[0]
            ?.standardError ?? NaN;
        assert.ok(Math.abs(error(size) - standardDeviation(values) / Math.sqrt(values.length)) < 1e-12);
      },
    ),
    { numRuns: 20 },
  );
});

Deno.test("scoresOf() covers the truth about as often as its intervals promise", () => {
  // 80 benchmarks of 60 questions with 2 answers each; questions differ in difficulty.
  let covered = 0;
  for (let trial = 0; trial < 80; trial++) {
    const random = Random.of(trial, "coverage");
    const values = Array.from({ length: 60 }, (_, i) => {
      const difficulty = random.uniform(3 * i);
      return [1, 2].map((j) => Number(random.uniform(3 * i + j) < difficulty));
    });
    const [score] = scoresOf(samplesOf(values), ["acc"], trial);
    if ((score?.low ?? 1) <= 0.5 && 0.5 <= (score?.high ?? 0)) covered++;
  }
  // 76 are expected; 70 or fewer come once in a hundred times at 95%.
  assert.ok(covered > 70, `${covered} of 80`);
});
