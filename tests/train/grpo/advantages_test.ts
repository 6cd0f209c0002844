import assert from "node:assert/strict";
import fc from "fast-check";
import { groupAdvantages } from "../../../lib/train/grpo/advantages.ts";

Deno.test("groupAdvantages() divides by the unbiased standard deviation", () => {
  // mean 0.25, squares 0.5625 + 3 · 0.0625 = 0.75, variance 0.25.
  const [right, ...wrong] = groupAdvantages([1, 0, 0, 0], "standard deviation");
  assert.ok(Math.abs((right ?? NaN) - 0.75 / 0.5001) < 1e-12);
  for (const advantage of wrong) assert.ok(Math.abs(advantage + 0.25 / 0.5001) < 1e-12);
});

Deno.test("groupAdvantages() sum to 0, keep the order of rewards, and are 0 where all are equal", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 16 }),
    fc.constantFrom("standard deviation" as const, "mean" as const),
    (rewards, scale) => {
      const advantages = groupAdvantages(rewards, scale);
      assert.ok(Math.abs(advantages.reduce((a, b) => a + b, 0)) < 1e-9);
      rewards.forEach((reward, i) =>
        rewards.forEach((other, j) => {
          if (reward > other) assert.ok((advantages[i] ?? NaN) > (advantages[j] ?? NaN));
        })
      );
      if (new Set(rewards).size === 1) assert.ok(advantages.every((advantage) => Math.abs(advantage) === 0));
    },
  ));
});
