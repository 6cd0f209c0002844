import assert from "node:assert/strict";
import { BertRegression } from "../../lib/curation/bert.ts";
import { DIRECTORY, golden } from "./education_fixture.ts";

Deno.test("BertRegression gives transformers' outputs, alone and together", async () => {
  const model = await BertRegression.load(DIRECTORY);
  assert.equal(model.maxTokens, 512);
  const together = model.predict(golden.map(({ ids }) => ids));
  golden.forEach(({ ids, score }, i) => {
    const [alone] = model.predict([ids]);
    assert.ok(Math.abs(alone! - score) < 1e-4, `${alone}, expected ${score}`);
    assert.ok(Math.abs(alone! - together[i]!) < 1e-5);
  });
  assert.equal(model.predict([]).length, 0);
});

Deno.test("BertRegression refuses an id outside its vocabulary", async () => {
  const model = await BertRegression.load(DIRECTORY);
  assert.throws(() => model.predict([[2, 121, 3]]), {
    name: "UsageError",
    message: "The tokenizer gives id 121, but config.json has a vocabulary of 121.",
  });
});
