import fc from "fast-check";
import assert from "node:assert/strict";
import type { SamplingSettings } from "../../lib/backends/decode.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { checkSamplingSettings, sampleToken } from "../../lib/backends/sample.ts";

/** Probabilities 0.1, 0.4, 0.2, 0.3. */
const LOGITS = Float32Array.from([0.1, 0.4, 0.2, 0.3], Math.log);

/** How often each token comes when the uniform number runs evenly through [0, 1). */
function frequencies(settings: Parameters<typeof sampleToken>[1]): number[] {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 1000; i++) {
    const token = sampleToken(LOGITS, settings, (i + 0.5) / 1000);
    counts[token] = (counts[token] ?? NaN) + 1;
  }
  return counts;
}

Deno.test("sampleToken() at temperature 0 takes the likeliest token, the first among equals", () => {
  assert.equal(sampleToken(LOGITS, { temperature: 0 }, 0.99), 1);
  assert.equal(sampleToken(Float32Array.of(1, 3, 3), { temperature: 0 }, 0.5), 1);
});

Deno.test("sampleToken() draws by softmax(logits / temperature)", () => {
  assert.deepEqual(frequencies({ temperature: 1 }), [100, 400, 200, 300]);
  // p² renormalised: 1, 16, 4, 9 of 30.
  assert.deepEqual(frequencies({ temperature: 0.5 }), [33, 534, 133, 300]);
});

Deno.test("sampleToken() keeps the k likeliest", () => {
  assert.deepEqual(frequencies({ temperature: 1, topK: 2 }), [0, 571, 0, 429]);
  assert.deepEqual(frequencies({ temperature: 1, topK: 1 }), [0, 1000, 0, 0]);
  assert.deepEqual(frequencies({ temperature: 1, topK: 99 }), frequencies({ temperature: 1 }));
});

Deno.test("sampleToken() keeps the nucleus, the token that crosses topP included", () => {
  assert.deepEqual(frequencies({ temperature: 1, topP: 0.41 }), [0, 571, 0, 429]);
  assert.deepEqual(frequencies({ temperature: 1, topP: 0.39 }), [0, 1000, 0, 0]);
});

Deno.test("sampleToken() draws also what equals the last one kept, by id", () => {
  const equals = Float32Array.of(1, 3, 2, 2);
  const draw = (uniform: number, settings = {}) =>
    sampleToken(equals, { temperature: 1, ...settings }, uniform);
  assert.deepEqual([0, 0.9, 0.999].map((uniform) => draw(uniform, { topK: 2 })), [1, 3, 3]);
  assert.deepEqual([0, 0.7, 0.999].map((uniform) => draw(uniform, { topP: 0.65 })), [1, 2, 3]);
});

/** The rule as it reads: everything sorted. */
function bySorting(logits: Float32Array, settings: Required<SamplingSettings>, uniform: number): number {
  const { temperature, topK, topP } = settings;
  const ranked = logits.toSorted().reverse();
  const sum = (values: Float32Array) => values.reduce((total, logit) => total + mass(logit), 0);
  const mass = (logit: number) => Math.exp((logit - (ranked[0] ?? NaN)) / temperature);
  const best = ranked.filter((logit) => logit >= (ranked[topK - 1] ?? NaN));
  const cut = best.findIndex((_, i) => sum(best.subarray(0, i + 1)) >= topP * sum(best));
  const kept = logits.map((logit) => logit >= (best[cut] ?? NaN) ? mass(logit) : 0);
  let left = uniform * kept.reduce((a, b) => a + b, 0);
  return kept.findIndex((own) => (left -= own) < 0);
}

Deno.test("sampleToken() equals sorting everything, however flat or steep", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 2, maxLength: 300 }),
      fc.constantFrom(0.05, 0.7, 3, 40),
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0.01, max: 0.999, noNaN: true }),
      fc.double({ min: 0.001, max: 0.99, noNaN: true }),
      (values, temperature, topK, topP, uniform) => {
        // Quarters: many equal ones.
        const logits = Float32Array.from(values, (value) => value / 4);
        const settings = { temperature, topK: Math.min(topK, values.length - 1), topP };
        assert.equal(sampleToken(logits, settings, uniform), bySorting(logits, settings, uniform));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("sampleToken() gives a token that the settings allow, whatever the numbers", () => {
  const logit = fc.float({ min: -50, max: 50, noNaN: true });
  fc.assert(fc.property(
    fc.array(logit, { minLength: 1, maxLength: 20 }),
    fc.double({ min: 0, max: 3, noNaN: true }),
    fc.integer({ min: 1, max: 25 }),
    fc.double({ min: 1e-9, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
    (values, temperature, topK, topP, uniform) => {
      const logits = Float32Array.from(values);
      const token = sampleToken(logits, { temperature, topK, topP }, uniform);
      const better = logits.filter((value) => value > (logits[token] ?? NaN)).length;
      assert.ok(better < (temperature === 0 ? 1 : topK), `token ${token} has rank ${better}`);
    },
  ));
});

Deno.test("sampleToken() refuses logits that are no numbers", () => {
  assert.throws(() => sampleToken(Float32Array.of(0, NaN), { temperature: 1 }, 0), RunError);
});

Deno.test("checkSamplingSettings() names the setting, its value and what was expected", () => {
  checkSamplingSettings({ temperature: 0.8, topK: 40, topP: 0.95 });
  for (
    const [settings, message] of [
      [{ temperature: -1 }, /temperature is -1/],
      [{ temperature: NaN }, /temperature is NaN/],
      [{ temperature: 1, topK: 0 }, /topK is 0/],
      [{ temperature: 1, topP: 1.1 }, /topP is 1.1/],
    ] as const
  ) {
    assert.throws(
      () => checkSamplingSettings(settings),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});
