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
  assert.throws(
    () => checkModelConfig({ ...config, type: "llama" }),
    /queryKeyNorm is "after rope", expected "none" for a model of type llama/,
  );
  const ropeScaling = { factor: 8, lowFrequencyFactor: 4, highFrequencyFactor: 4, originalMaxPositions: 64 };
  assert.throws(() => checkModelConfig({ ...config, ropeScaling }), /ropeScaling is {"factor":8,.*expected/);
});

Deno.test("parameterLayout() has QK-norm's weights behind the attention's matrices, where it has some", () => {
  const config = { ...MODEL_SIZES["140m"], layers: 1 };
  const weighted = { ...config, type: "qwen3", queryKeyNorm: "before rope, weighted" } as const;
  const names = parameterLayout(weighted).map(({ name }) => name.replace("model.layers.0.", ""));
  assert.deepEqual(names.slice(4, 7), [
    "self_attn.o_proj.weight",
    "self_attn.q_norm.weight",
    "self_attn.k_norm.weight",
  ]);
  assert.equal(parameterCount(weighted) - parameterCount(config), 2 * config.headSize);
});
