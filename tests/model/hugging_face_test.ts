import fc from "fast-check";
import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { configFromHuggingFace, configToHuggingFace } from "../../lib/model/hugging_face.ts";

const multipleOf4 = fc.integer({ min: 1, max: 2000 }).map((n) => 4 * n);
const configs: fc.Arbitrary<ModelConfig> = fc.record({
  vocabularySize: fc.integer({ min: 1, max: 300_000 }),
  width: multipleOf4,
  layers: fc.integer({ min: 1, max: 40 }),
  keyValueHeads: fc.integer({ min: 1, max: 8 }),
  heads: fc.integer({ min: 1, max: 8 }),
  headSize: multipleOf4,
  feedForwardWidth: multipleOf4,
  ropeTheta: fc.integer({ min: 1, max: 1e7 }),
  normEpsilon: fc.constantFrom(1e-5, 1e-6),
  queryKeyNorm: fc.boolean(),
  tiedEmbeddings: fc.boolean(),
  maxPositions: fc.integer({ min: 1, max: 1 << 20 }),
  initializerRange: fc.constantFrom(0.02, 0.01),
}).map((config) => ({ ...config, heads: config.heads * config.keyValueHeads }));

const SMALLEST = configToHuggingFace(MODEL_SIZES["140m"]);

Deno.test("configFromHuggingFace() reads what configToHuggingFace() writes", () => {
  fc.assert(fc.property(configs, (config) => {
    assert.deepEqual(
      configFromHuggingFace(JSON.parse(JSON.stringify(configToHuggingFace(config))), "x"),
      config,
    );
  }));
});

Deno.test("configFromHuggingFace() reads the file of transformers 4: rope_theta at the top, no layer types", () => {
  const { rope_parameters: _, layer_types: __, dtype: ___, ...old } = SMALLEST;
  assert.deepEqual(
    configFromHuggingFace({
      ...old,
      rope_theta: 8e6,
      max_position_embeddings: 32768,
      attention_chunk_size: 32768,
    }, "x"),
    { ...MODEL_SIZES["140m"], ropeTheta: 8e6, maxPositions: 32768 },
  );
});

Deno.test("configFromHuggingFace() takes transformers' defaults for keys that are not there", () => {
  const config = configFromHuggingFace({
    model_type: "llama4_text",
    vocab_size: 64,
    hidden_size: 32,
    intermediate_size_mlp: 48,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    max_position_embeddings: 128,
    moe_layers: [],
  }, "x");
  assert.deepEqual(config, {
    vocabularySize: 64,
    width: 32,
    layers: 3,
    heads: 4,
    keyValueHeads: 4,
    headSize: 8,
    feedForwardWidth: 48,
    ropeTheta: 500_000,
    normEpsilon: 1e-5,
    queryKeyNorm: true,
    tiedEmbeddings: false,
    maxPositions: 128,
    initializerRange: 0.02,
  });
});

Deno.test("configFromHuggingFace() names the key that it does not support, its value and what it does", async (t) => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ model_type: "llama" }, /model_type is "llama", supported: "llama4_text"/],
    [{ model_type: undefined }, /model_type is missing/],
    [{ moe_layers: [1] }, /moe_layers is \[1\], supported: \[\]/],
    [{ moe_layers: undefined, interleave_moe_layer_step: 1 }, /moe_layers is missing/],
    [{ no_rope_layers: Array(15).fill(1).with(3, 0) }, /no_rope_layers is \[1,1,1,0,.*RoPE in every layer/],
    [{ no_rope_layers: undefined }, /no_rope_layers is missing/],
    [{ rope_scaling: { factor: 8 } }, /rope_scaling is {"factor":8}, supported: null/],
    [{ rope_parameters: { rope_type: "llama3" } }, /rope_parameters.rope_type is "llama3"/],
    [{ layer_types: undefined, attention_chunk_size: 1024 }, /attention_chunk_size is 1024, .*4096/],
    [{ hidden_act: "gelu" }, /hidden_act is "gelu", supported: "silu"/],
    [{ attention_bias: true }, /attention_bias is true/],
    [{ attention_dropout: 0.1 }, /attention_dropout is 0.1/],
    [{ vocab_size: undefined }, /vocab_size is missing, expected number/],
    [{ hidden_size: "576" }, /hidden_size is "576", expected number/],
    [{ num_key_value_heads: 4 }, /keyValueHeads is 4, expected a divisor of heads \(9\)/],
  ];
  for (const [change, message] of cases) {
    await t.step(`${message}`, () => {
      assert.throws(
        () => configFromHuggingFace({ ...SMALLEST, ...change }, "some/config.json"),
        (error) =>
          error instanceof UsageError && error.message.startsWith("some/config.json: ") &&
          message.test(error.message),
      );
    });
  }
  for (const value of [null, [], "text", 7]) {
    assert.throws(() => configFromHuggingFace(value, "x"), UsageError);
  }
});
