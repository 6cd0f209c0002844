import assert from "node:assert/strict";
import { checkModelConfig, MODEL_SIZES, parameterCount, parameterLayout } from "../../lib/model/config.ts";

Deno.test("parameterCount() equals what transformers counts for the published sizes", () => {
  assert.equal(parameterCount(MODEL_SIZES["140m"]), 140_248_512);
  assert.equal(parameterCount(MODEL_SIZES["360m"]), 359_431_168);
  assert.equal(parameterCount(MODEL_SIZES["950m"]), 949_685_760);
});

Deno.test("parameterCount() of an untied model has the head once more", () => {
  const config = MODEL_SIZES["140m"];
  assert.equal(
    parameterCount({ ...config, tiedEmbeddings: false }) - parameterCount(config),
    config.vocabularySize * config.width,
  );
});

Deno.test("parameterLayout() covers the flat array without a gap", () => {
  let end = 0;
  for (const { offset, size, shape } of parameterLayout({ ...MODEL_SIZES["360m"], tiedEmbeddings: false })) {
    assert.equal(offset, end);
    assert.equal(size, shape.reduce((a, b) => a * b, 1));
    end += size;
  }
});

Deno.test("checkModelConfig() names the field, its value and what was expected", () => {
  const config = MODEL_SIZES["140m"];
  assert.throws(
    () => checkModelConfig({ ...config, layers: 1.5 }),
    /layers is 1.5, expected a positive whole number/,
  );
  assert.throws(
    () => checkModelConfig({ ...config, keyValueHeads: 4 }),
    /keyValueHeads is 4, expected a divisor of heads \(9\)/,
  );
  assert.throws(() => checkModelConfig({ ...config, headSize: 6 }), /headSize 6, .* multiples of 4/);
});
