import assert from "node:assert/strict";
import { driftOf, planPromotions } from "../../lib/pipeline/promotion/promote.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

Deno.test("every promoted task is what its notebook says", async () => {
  const promotions = await planPromotions(projectRoot);
  assert.deepEqual(
    promotions.map(({ name }) => name),
    ["curate", "loo", "influence", "pretrain", "midtrain", "sft"],
  );
  assert.deepEqual(promotions.flatMap((promotion) => driftOf(promotion)?.reason ?? []), []);
});
