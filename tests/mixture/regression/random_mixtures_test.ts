import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { meanOf, standardDeviation } from "../../../lib/core/statistics.ts";
import {
  CONCENTRATIONS,
  randomMixtures,
  type RandomMixturesOptions,
} from "../../../lib/mixture/regression/random_mixtures.ts";

const SOURCES = [{ name: "code", tokens: 9e6 }, { name: "math", tokens: 1e6 }, { name: "web", tokens: 4e6 }];
const OPTIONS: RandomMixturesOptions = {
  count: 4000,
  seed: 1,
  tokenizer: "llama3",
  tokenBudget: 1e6,
  maxEpochs: 4,
};

Deno.test("randomMixtures() have Dirichlet's means and deviations", () => {
  const mixtures = randomMixtures(SOURCES, OPTIONS);
  CONCENTRATIONS.forEach((concentration, k) => {
    const own = mixtures.filter((_, i) => i % CONCENTRATIONS.length === k), sum = 3 * concentration;
    // Square roots of the sizes are as 3 : 1 : 2.
    [1 / 2, 1 / 6, 1 / 3].forEach((mean, j) => {
      const shares = own.map(({ sources }) => sources[j]?.weight ?? NaN);
      const deviation = Math.sqrt(mean * (1 - mean) / (sum + 1));
      assert.ok(Math.abs(meanOf(shares) - mean) < 4 * deviation / Math.sqrt(shares.length));
      assert.ok(Math.abs(standardDeviation(shares) / deviation - 1) < 0.08);
    });
  });
});

Deno.test("randomMixtures() sum to 1 and ask no source for more than it has", () => {
  const scarce = { ...OPTIONS, count: 200, tokenBudget: 10e6, maxEpochs: 1 };
  for (const { sources } of randomMixtures(SOURCES, scarce)) {
    assert.ok(Math.abs(sources.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
    sources.forEach(({ weight }, j) => assert.ok(weight >= 0 && weight <= (SOURCES[j]?.tokens ?? 0) / 10e6));
  }
});

Deno.test("randomMixtures() begin alike whatever their number, and differ", () => {
  const few = randomMixtures(SOURCES, { ...OPTIONS, count: 5 });
  assert.deepEqual(few, randomMixtures(SOURCES, { ...OPTIONS, count: 9 }).slice(0, 5));
  assert.equal(new Set(few.map(({ sources }) => sources[0]?.weight)).size, 5);
  assert.notDeepEqual(
    few[0]?.sources,
    randomMixtures(SOURCES, { ...OPTIONS, count: 1, seed: 2 })[0]?.sources,
  );
});

Deno.test("randomMixtures() refuse sources that do not suffice", () => {
  const refused = (sources: typeof SOURCES, options: RandomMixturesOptions, message: RegExp) =>
    assert.throws(() => randomMixtures(sources, options), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  refused(SOURCES.slice(0, 1), OPTIONS, /have 1 sources, expected at least 2/);
  refused([...SOURCES, { name: "mail", tokens: 0 }], OPTIONS, /"mail" has 0 tokens/);
  refused(
    SOURCES,
    { ...OPTIONS, tokenBudget: 60e6 },
    /have 14000000 tokens, too few for 60000000 within 4 epochs/,
  );
});
